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
#include "quire/nn/model.h"
#include "quire/nn/precision.h"

namespace quire::nn {

enum class HeadKind {
  standard,   // the family's own, which transformers loads
  mean,       // mean over the tokens of a sequence, dropout, linear
  max,        // maximum over them
  bilstm,     // bidirectional LSTM, hidden size that of the features, mean over its positions
  attention,  // learned weights of the tokens (Yang et al. 2016)
  concat,     // mean, maximum and first token side by side
};

[[nodiscard]] HeadKind parse_head(std::string_view name);
[[nodiscard]] std::string_view head_name(HeadKind kind);

// Which hidden states the head reads.
struct Features {
  enum class Kind {
    last,
    layer,   // output of layer n, counted from 1; 0: the embeddings
    mean,    // of the last n layers, element by element
    max,     // the same
    concat,  // the last n layers side by side
    mix,     // learned: scale * sum of softmax(weights) * states (Peters et al. 2018)
  };
  Kind kind = Kind::last;
  std::int64_t n = 0;
};

// "last", "layer:K", "mean:N", "max:N", "concat:N", "mix", for an encoder of `layers` layers.
// InputError otherwise.
[[nodiscard]] Features parse_features(std::string_view text, std::int64_t layers);
[[nodiscard]] std::string features_name(const Features& features);
// The highest layer whose output is read; those above are neither computed nor trained.
[[nodiscard]] std::int64_t highest_layer(const Features& features, std::int64_t layers);

// From the vectors of a document's windows to one.
enum class WindowPooling { mean, max, attention };

[[nodiscard]] WindowPooling parse_window_pooling(std::string_view name);

struct ClassifierOptions {
  HeadKind head = HeadKind::standard;
  Features features = {};
  bool windows = false;  // documents come in windows
  WindowPooling window_pooling = WindowPooling::mean;
  std::int64_t classes = 0;
  double dropout = -1;                    // of the whole network; negative: the model's own
  std::int64_t dropout_samples = 1;       // see TextModel::logits
  std::int64_t reinit_layers = 0;         // top layers that start from random weights (Zhang et al. 2021)
  Precision precision = Precision::fp32;  // of matrix products in the encoder and in an LSTM
  std::uint64_t seed = 42;
  bool new_head = true;  // false: the head must be in the checkpoint (prediction)
  c10::Device device = c10::kCPU;
};

class Head;

class Classifier : public TextModel {
 public:
  // Builds from a checkpoint in Hugging Face's layout, or at random when it is null.
  Classifier(EncoderConfig config, Checkpoint* checkpoint, const ClassifierOptions& options);
  ~Classifier() override;
  Classifier(Classifier&&) noexcept;
  Classifier& operator=(Classifier&&) noexcept;

  // Opens a directory that can predict: ours or a fine-tuned one of transformers.
  [[nodiscard]] static Classifier open(const std::filesystem::path& directory,
                                       Precision precision = Precision::fp32, c10::Device device = c10::kCPU);

  [[nodiscard]] at::Tensor logits(const PackedBatch& batch, const DropoutState& state) const override;
  [[nodiscard]] at::Tensor head_inputs(const PackedBatch& batch) const override;
  void set_output_layer(const at::Tensor& weight, const at::Tensor& bias) override;

  // Leaves the lowest `layers` encoder layers, and the embeddings, as they are.
  void freeze(std::int64_t layers, bool embeddings);

  // Writes config.json and model.safetensors. When `portable`, transformers loads it as
  // ...ForSequenceClassification; otherwise the head lies in quire_head.safetensors beside the plain
  // encoder. `own` are further keys of "quire" in config.json, each with its value as JSON text.
  void save(const std::filesystem::path& directory, const std::vector<std::string>& labels,
            std::map<std::string, std::string> own = {}) const;
  [[nodiscard]] bool portable() const;

  [[nodiscard]] const Encoder& encoder() const { return encoder_; }
  [[nodiscard]] const EncoderConfig& config() const { return encoder_.config(); }
  [[nodiscard]] const ClassifierOptions& options() const { return options_; }
  [[nodiscard]] std::vector<Parameter>& parameters() override { return store_.parameters(); }
  [[nodiscard]] const std::vector<Parameter>& parameters() const override { return store_.parameters(); }
  [[nodiscard]] std::int64_t layers() const override { return config().layers; }
  [[nodiscard]] std::int64_t classes() const override { return options_.classes; }
  [[nodiscard]] std::string recipe() const override;

 private:
  void reinitialise_top_layers();
  void mark_unused_layers();
  // What the last linear layer reads.
  [[nodiscard]] at::Tensor inputs(const PackedBatch& batch, const DropoutState& state) const;
  [[nodiscard]] at::Tensor select_features(const PackedBatch& batch, const DropoutState& state) const;

  ClassifierOptions options_;
  ParameterStore store_;
  Encoder encoder_;
  at::Tensor mix_weights_, mix_scale_;  // [layers + 1], [1]; with Features::Kind::mix
  std::unique_ptr<Head> head_;
};

}  // namespace quire::nn
