#include "members/encoder/encoder_checks.h"

#include <fmt/format.h>

#include "quire/base/error.h"
#include "quire/kernels/gemm.h"

namespace quire {

void check_tokenizer(const Tokenizer& tokenizer, const EncoderConfig& config,
                     const std::filesystem::path& directory) {
  if (static_cast<std::int64_t>(tokenizer.vocabulary_size()) <= config.vocab_size) return;
  throw InputError(fmt::format("the tokenizer in '{}' knows {} tokens, its model only {}", directory.string(),
                               tokenizer.vocabulary_size(), config.vocab_size),
                   "the tokenizer's files belong to another model");
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
