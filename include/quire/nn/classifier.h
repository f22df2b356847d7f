// An encoder with a classification head.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "quire/nn/encoder.h"

namespace quire::nn {

enum class HeadKind {
  standard,  // the family's own, which transformers loads; see head.cpp
  mean,      // mean over the tokens, dropout, linear
};

[[nodiscard]] HeadKind parse_head(std::string_view name);
[[nodiscard]] std::string_view head_name(HeadKind kind);

// From the hidden states [T, hidden] of one batch to logits [B, classes].
class Head {
 public:
  virtual ~Head() = default;
  [[nodiscard]] virtual at::Tensor logits(const at::Tensor& hidden, const PackedBatch& batch,
                                          const DropoutState& state) const = 0;
};

struct ClassifierOptions {
  HeadKind head = HeadKind::standard;
  std::int64_t classes = 0;
  double dropout = -1;  // of the whole network; negative: the model's own
  std::uint64_t seed = 42;
  bool new_head = true;  // false: the head must be in the checkpoint (prediction)
};

class Classifier {
 public:
  // Builds from a checkpoint in Hugging Face's layout, or at random when it is null.
  Classifier(EncoderConfig config, Checkpoint* checkpoint, const ClassifierOptions& options);

  // Opens a directory that can predict: ours or a fine-tuned one of transformers.
  [[nodiscard]] static Classifier open(const std::filesystem::path& directory);

  [[nodiscard]] at::Tensor logits(const PackedBatch& batch, const DropoutState& state) const;

  // Writes config.json and model.safetensors. With the standard head transformers loads it as
  // ...ForSequenceClassification; other heads lie in quire_head.safetensors beside the encoder.
  // `extras` are further keys of config.json, each with its value as JSON text.
  void save(const std::filesystem::path& directory, const std::vector<std::string>& labels,
            std::map<std::string, std::string> extras = {}) const;

  [[nodiscard]] const Encoder& encoder() const { return encoder_; }
  [[nodiscard]] const EncoderConfig& config() const { return encoder_.config(); }
  [[nodiscard]] std::vector<Parameter>& parameters() { return store_.parameters(); }
  [[nodiscard]] const std::vector<Parameter>& parameters() const { return store_.parameters(); }
  [[nodiscard]] std::int64_t classes() const { return options_.classes; }

 private:
  ClassifierOptions options_;
  ParameterStore store_;
  Encoder encoder_;
  std::unique_ptr<Head> head_;
};

}  // namespace quire::nn
