// A transformer layer with bfloat16 products as one operation (docs/architecture.md, "Training in bfloat16").
//
// Between its two attentions every row goes its own way, so a thread takes a block of rows through all of it
// while it lies in its cache. Products take operands rounded to bfloat16 and sum in float32; query, key,
// value, probabilities, context and the sum before GELU are kept in bfloat16, the residual stream and both
// norms in float32. This is what PyTorch's autocast computes, rounded in the same places.
#pragma once

#include "nn/ops/dropout.h"
#include "nn/ops/linear.h"
#include "quire/nn/aten.h"
#include "quire/nn/layers.h"

namespace quire::nn {

struct LayerParts {
  const Linear& query_key_value;
  const Linear& attention_output;
  const LayerNorm& attention_norm;
  const Linear& intermediate;
  const Linear& output;
  const LayerNorm& output_norm;
};

struct LayerSettings {
  std::int64_t heads = 1, index = 0;
  float epsilon = 0;
  double hidden_dropout = 0, attention_dropout = 0;
  DropoutState state;
};

// Whether this CPU computes it so: bf16 kernels, the exact GELU, widths that are multiples of 32.
[[nodiscard]] bool takes_bf16_layer(const at::Tensor& x, const LayerParts& parts, std::int64_t heads,
                                    Activation activation);

// x [T, hidden] to the layer's output, float32.
[[nodiscard]] at::Tensor bf16_layer(const at::Tensor& x, const LayerParts& parts, const PackedBatch& batch,
                                    const LayerSettings& settings);

}  // namespace quire::nn
