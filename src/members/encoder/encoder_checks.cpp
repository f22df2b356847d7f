#include "members/encoder/encoder_checks.h"

#include <fmt/format.h>

#include "quire/base/error.h"
#include "quire/kernels/gemm.h"

namespace quire {

void check_tokenizer(const Tokenizer& tokenizer, const EncoderConfig& config,
                     const std::filesystem::path& directory) {
  if (static_cast<std::int64_t>(tokenizer.vocabulary_size()) > config.vocab_size) {
    throw InputError(fmt::format("The tokenizer in \"{}\" knows {} tokens, its model only {}.",
                                 directory.string(), tokenizer.vocabulary_size(), config.vocab_size),
                     "The tokenizer's files belong to another model.");
  }
  if (tokenizer.segments(false) > config.type_vocab_size) {
    throw InputError(
        fmt::format("The tokenizer in \"{}\" puts tokens into {} segments, its model knows only {}.",
                    directory.string(), tokenizer.segments(false), config.type_vocab_size),
        "The tokenizer's files belong to another model.");
  }
}

std::optional<InputError> refuse_pairs(const Tokenizer& tokenizer, const EncoderConfig& config,
                                       const std::filesystem::path& directory) {
  if (tokenizer.segments(true) <= config.type_vocab_size) return {};
  return InputError(
      fmt::format("There are two columns of text, and the model in \"{}\" cannot tell two texts apart: its "
                  "\"type_vocab_size\" is {}, its tokenizer asks for {}.",
                  directory.string(), config.type_vocab_size, tokenizer.segments(true)),
      "Choose one column with --text, or leave \"token_type_ids\" out of \"model_input_names\" in "
      "tokenizer_config.json: then both texts lie in one segment.");
}

void check_max_length(std::int64_t max_length, const EncoderConfig& config) {
  if (max_length <= config.max_length()) return;
  throw InputError(
      fmt::format("--max-length is {}, but the model has {} positions", max_length, config.max_length()),
      fmt::format("use --max-length {} or less", config.max_length()));
}

nn::Precision choose_precision(const std::string& name, c10::Device device) {
  if (name == "fp32") return nn::Precision::fp32;
  if (!device.is_cpu()) {
    if (name != "int8") return nn::Precision::bf16;
    throw InputError("--precision is int8, which the CPU alone computes", "say bf16, or --device cpu");
  }
  if (name == "int8") return nn::Precision::int8;
  if (name == "auto") return kernels::bf16_pays() ? nn::Precision::bf16 : nn::Precision::fp32;
  if (kernels::bf16_available()) return nn::Precision::bf16;
  throw InputError(
      fmt::format("--precision is bf16, but this CPU has no use for it ({})", kernels::bf16_choice()),
      "leave it at fp32, or say auto");
}

}  // namespace quire
