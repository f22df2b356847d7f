// A transformer encoder with post-layer normalisation on packed batches: BERT (Devlin et al.
// 2019), RoBERTa (Liu et al. 2019) and ELECTRA (Clark et al. 2020), which differ in their
// embeddings alone.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "quire/hub/config.h"
#include "quire/nn/layers.h"
#include "quire/nn/ops.h"
#include "quire/nn/parameters.h"
#include "quire/nn/precision.h"

namespace quire::nn {

class Encoder {
 public:
  // Dropout rates are those of `config`. `precision` is that of the products: of linear layers, and with bf16
  // of attention too, where the layer is computed whole (src/nn/bf16/bf16_layer.h) or on a device.
  Encoder(const EncoderConfig& config, ParameterStore& store, Precision precision = Precision::fp32);

  // Output of the embeddings and of the lowest `layers` layers: layers + 1 tensors [T, hidden]. Without
  // gradients those before `first` may be left undefined.
  [[nodiscard]] std::vector<at::Tensor> hidden_states(const PackedBatch& batch, const DropoutState& state,
                                                      std::int64_t layers, std::int64_t first = 0) const;
  // Of all layers.
  [[nodiscard]] std::vector<at::Tensor> hidden_states(const PackedBatch& batch,
                                                      const DropoutState& state) const {
    return hidden_states(batch, state, config_.layers);
  }

  // The last layer's output at the first token of each sequence, [S, hidden]: the same as those rows of
  // hidden_states().back(), without computing that layer's other rows, which nothing reads. Of a
  // six-layer encoder that saves a seventh of the work.
  [[nodiscard]] at::Tensor first_tokens(const PackedBatch& batch, const DropoutState& state) const;

  [[nodiscard]] const EncoderConfig& config() const { return config_; }

 private:
  struct Layer {
    Layer(const Scope& scope, const EncoderConfig& config, Precision precision);

    Linear query_key_value, attention_output, intermediate, output;
    LayerNorm attention_norm, output_norm;
  };

  struct Projection;
  struct Prediction;  // the way without gradients: src/nn/models/encoder_prediction.cpp
  [[nodiscard]] bool predicts(const DropoutState& state) const;
  [[nodiscard]] std::vector<at::Tensor> predicted_states(const PackedBatch& batch, std::int64_t layers,
                                                         std::int64_t first) const;
  [[nodiscard]] at::Tensor predicted_first_tokens(const PackedBatch& batch) const;

  // The row of the table of positions for each token.
  [[nodiscard]] at::Tensor positions(const PackedBatch& batch) const;
  [[nodiscard]] at::Tensor embed(const PackedBatch& batch, const DropoutState& state) const;
  [[nodiscard]] at::Tensor run_layer(std::int64_t index, const at::Tensor& x, const PackedBatch& batch,
                                     const DropoutState& state) const;
  // What follows the attention in a layer: `context` is its result, `x` the layer's input, the same rows.
  [[nodiscard]] at::Tensor finish_layer(std::int64_t index, const at::Tensor& context, const at::Tensor& x,
                                        const RowLayout& rows, const DropoutState& state) const;

  EncoderConfig config_;
  Precision precision_;
  at::Tensor word_embeddings_, position_embeddings_, segment_embeddings_;
  LayerNorm embedding_norm_;
  Linear embedding_projection_;  // ELECTRA, when its embeddings are narrower than its layers
  std::vector<Layer> layers_;
  // Of the last layer, for first_tokens.
  std::shared_ptr<PredictionWeight> top_query_prediction_, top_key_value_prediction_;
};

}  // namespace quire::nn
