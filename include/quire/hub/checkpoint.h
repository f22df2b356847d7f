// A directory in Hugging Face's layout: config.json and weights, found by canonical names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quire/hub/config.h"
#include "quire/hub/safetensors.h"

namespace quire {

// A head that transformers does not know lies in a file of its own, and config.json says so in "quire",
// "head".
inline constexpr const char* kOwnHeadFile = "quire_head.safetensors";
inline constexpr int kOwnHeadFormat = 1;

// Tensors are asked for by the names transformers uses today, without the family's prefix:
// "embeddings.word_embeddings.weight", "encoder.layer.0.attention.self.query.weight",
// "pooler.dense.weight", "classifier.weight". The file may have the prefix ("bert.") or not, and
// may call a norm's weight and bias `gamma` and `beta`.
class Checkpoint {
 public:
  // Reads config.json and opens model.safetensors, or the files that
  // model.safetensors.index.json names. InputError for what is missing or damaged.
  explicit Checkpoint(const std::filesystem::path& directory);

  [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }
  [[nodiscard]] const EncoderConfig& config() const noexcept { return config_; }
  // Names of the files that were read: config.json, those with weights, and the index that names these.
  [[nodiscard]] std::vector<std::string> file_names() const;

  [[nodiscard]] bool has(std::string_view name) const;
  // The shape of a tensor; InputError when there is none of that name.
  [[nodiscard]] const std::vector<std::int64_t>& shape(std::string_view name) const;

  // The values as float32. InputError, naming the tensor, when it is missing, of another shape,
  // or neither F32, F16 nor BF16. `values` holds as many floats as the shape says.
  [[nodiscard]] std::vector<float> tensor(std::string_view name, const std::vector<std::int64_t>& shape);
  void read(std::string_view name, const std::vector<std::int64_t>& shape, std::span<float> values);

  // The names of the classes that the classifier of this directory tells apart: the labels of
  // config.json, else LABEL_i for each row of the classifier. Empty when there is no classifier.
  // InputError when labels and rows differ in number, or when the model is made for something
  // else (problem_type regression or multi_label_classification): its logits are no softmax's.
  [[nodiscard]] std::vector<std::string> class_names() const;

  // Stored tensors that nobody has read so far, by their names in the file.
  [[nodiscard]] std::vector<std::string> unread() const;
  // One sentence about them for the user; empty when there are none.
  [[nodiscard]] std::string unread_sentence() const;

 private:
  struct Entry {
    const TensorView* view = nullptr;
    const SafetensorsFile* file = nullptr;
    bool read = false;
  };

  void add(const TensorView& view, const SafetensorsFile& file);
  void open_shards(const std::filesystem::path& index);
  [[nodiscard]] const Entry& entry(std::string_view name) const;

  std::filesystem::path directory_;
  EncoderConfig config_;
  std::vector<SafetensorsFile> files_;
  std::map<std::string, Entry, std::less<>> entries_;  // by canonical name
};

}  // namespace quire
