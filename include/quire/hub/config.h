// config.json of an encoder in Hugging Face's layout.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quire/base/json.h"
#include "quire/hub/family.h"

namespace quire {

// Defaults are those of transformers for a missing key; where families differ, BERT's stand
// here and load_config applies those of the family's row (FamilySpec).
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
  std::string label_gap;            // why id2label names no classes 0, 1, ...; "" when it does
  std::string architecture;         // the first of `architectures`, "" when there is none
  std::string problem_type;         // "" when there is none
  std::string json;                 // the file's text, so that keys unknown to us survive a save
  std::filesystem::path file;       // it came from, for messages

  // Positions a document can use: RoBERTa's table keeps its first pad_token_id + 1 rows unused.
  [[nodiscard]] std::int64_t max_length() const;
  [[nodiscard]] float head_dropout() const { return classifier_dropout.value_or(hidden_dropout); }
};

// "LABEL_0", "LABEL_1", ...: what transformers calls classes without names.
[[nodiscard]] std::vector<std::string> default_labels(std::int64_t count);

// Reads DIRECTORY/config.json. InputError, naming the key, what was found and what was
// expected, for a directory without one, an unknown model_type or hidden_act, decoders,
// positions that are not absolute, values that are out of range or of the wrong type, and keys
// of ours in another format than this Quire's.
[[nodiscard]] EncoderConfig load_config(const std::filesystem::path& directory);

// Writes DIRECTORY/config.json so that transformers loads it: the keys of `config.json`, with
// the fields of `config` over them, `architectures: [architecture]`, and id2label, label2id and
// problem_type when there are labels (none of the three otherwise). `own` is what Quire keeps for
// itself, each key with its value as JSON text, e.g. {"head", R"({"kind":"mean"})"}: it is written
// as one object, "quire", and what such an object said before is gone.
void save_config(const std::filesystem::path& directory, const EncoderConfig& config,
                 const std::string& architecture, const std::vector<std::string>& labels,
                 const std::map<std::string, std::string>& own = {});

// That object as it was read; an empty one when there is none.
[[nodiscard]] Section own_settings(const EncoderConfig& config);

}  // namespace quire
