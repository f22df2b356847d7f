// config.json of an encoder in Hugging Face's layout.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quire {

enum class Family { bert, roberta, electra };

// As transformers names them in `hidden_act`:
enum class Activation {
  gelu,        // x * Phi(x), with erf
  gelu_tanh,   // gelu_new, gelu_pytorch_tanh: .5 x (1 + tanh(sqrt(2/pi) (x + .044715 x^3)))
  gelu_fast,   // .5 x (1 + tanh(.7978845608 x (1 + .044715 x^2)))
  quick_gelu,  // x * sigmoid(1.702 x)
  relu,
  silu,
  tanh,
};

// "bert", "roberta", "electra": the `model_type`, and the prefix of a tensor's name.
[[nodiscard]] std::string_view family_name(Family family);

// Defaults are those of transformers for a missing key; where families differ, BERT's stand
// here and load_config applies the others'.
struct EncoderConfig {
  Family family = Family::bert;
  std::int64_t vocab_size = 30522;
  std::int64_t hidden_size = 768;
  std::int64_t embedding_size = 768;  // ELECTRA's may differ from hidden_size; else the same
  std::int64_t layers = 12;
  std::int64_t heads = 12;  // divides hidden_size
  std::int64_t intermediate_size = 3072;
  std::int64_t max_positions = 512;  // rows of the position table
  std::int64_t type_vocab_size = 2;
  float layer_norm_eps = 1e-12F;
  float hidden_dropout = 0.1F;
  float attention_dropout = 0.1F;
  std::optional<float> classifier_dropout;  // none: hidden_dropout
  float initializer_range = 0.02F;
  Activation activation = Activation::gelu;
  std::int64_t pad_token_id = 0;    // RoBERTa counts positions from the one after it
  std::vector<std::string> labels;  // id2label in order, or LABEL_i for `num_labels`; else empty
  std::string architecture;         // the first of `architectures`, "" when there is none
  std::string problem_type;         // "" when there is none
  std::string json;                 // the file's text, so that keys unknown to us survive a save

  // Positions a document can use: RoBERTa's table keeps its first pad_token_id + 1 rows unused.
  [[nodiscard]] std::int64_t max_length() const;
  [[nodiscard]] float head_dropout() const { return classifier_dropout.value_or(hidden_dropout); }
};

// "LABEL_0", "LABEL_1", ...: what transformers calls classes without names.
[[nodiscard]] std::vector<std::string> default_labels(std::int64_t count);

// Reads DIRECTORY/config.json. InputError, naming the key, what was found and what was
// expected, for a directory without one, an unknown model_type or hidden_act, decoders,
// positions that are not absolute, and values that are out of range or of the wrong type.
[[nodiscard]] EncoderConfig load_config(const std::filesystem::path& directory);

// Writes DIRECTORY/config.json so that transformers loads it: the keys of `config.json`, with
// the fields of `config` over them, `architectures: [architecture]`, and id2label, label2id and
// problem_type when there are labels (none of the three otherwise). `extras` are further keys,
// each with its value as JSON text, e.g. {"quire_head", R"({"kind":"mean"})"}.
void save_config(const std::filesystem::path& directory, const EncoderConfig& config,
                 const std::string& architecture, const std::vector<std::string>& labels,
                 const std::map<std::string, std::string>& extras = {});

// The JSON text of one top-level key of `config.json`; nothing when it is absent or null.
[[nodiscard]] std::optional<std::string> config_value(const EncoderConfig& config, std::string_view key);

}  // namespace quire
