// The two directions of bf16_layer and what the first leaves for the second.
#pragma once

#include "nn/bf16/attention_heads_bf16.h"
#include "nn/bf16/bf16_layer.h"
#include "nn/bf16/bf16_layer_rows.h"

namespace quire::nn {

// One linear layer: its weight packed for both directions.
struct PackedLinear {
  at::Tensor weight, bias;
  Bf16Panels forward, backward;
};

// Of its product with `tokens` rows, in one direction.
inline double product_operations(std::int64_t tokens, const PackedLinear& linear) {
  return 2.0 * static_cast<double>(tokens) * static_cast<double>(linear.weight.numel());
}

inline const float* floats(const at::Tensor& x) { return x.const_data_ptr<float>(); }

struct PackedNorm {
  at::Tensor gamma, beta;
};

// A layer and its batch, the same in both directions.
struct LayerWork : torch::CustomClassHolder {
  std::shared_ptr<PackedWeight> query_key_value, attention_output, intermediate, output;
  PackedHeads heads;
  float epsilon = 0;
  std::shared_ptr<DropoutPlan> attention_plan, output_plan;  // of the two sums before a norm
};

// What the forward pass leaves for the backward pass: T tokens, hidden H, inner I.
struct LayerTape {
  at::Tensor x;                              // float32 [T, H]
  at::Tensor query_key_value;                // blocks of 3H columns
  at::Tensor kept, softmax;                  // of attention: see PackedHeads
  at::Tensor context;                        // blocks of H columns
  at::Tensor attention_sum, output_sum;      // float32 [T, H]: what the norms are of
  at::Tensor attention_stats, output_stats;  // float32 [2, T]: means, reciprocal deviations
  at::Tensor attended;                       // blocks of H columns: the first norm's result
  at::Tensor inner;                          // blocks of I columns, before GELU
};

struct LayerTensors {
  PackedLinear query_key_value, attention_output, intermediate, output;
  PackedNorm attention_norm, output_norm;
};

// Fills all of `tape` but x; returns the layer's output.
[[nodiscard]] at::Tensor bf16_layer_forward(const LayerTensors& layer, const LayerWork& work,
                                            LayerTape& tape);

// Undefined where not wanted.
struct LayerGradients {
  at::Tensor x;
  struct OfLinear {
    at::Tensor weight, bias;
  } query_key_value, attention_output, intermediate, output;
  struct OfNorm {
    at::Tensor gamma, beta;
  } attention_norm, output_norm;
};

// `weights`: whether the gradients of weights are wanted.
[[nodiscard]] LayerGradients bf16_layer_backward(const LayerTensors& layer, const LayerWork& work,
                                                 const LayerTape& tape, const at::Tensor& grad_output,
                                                 bool weights);

}  // namespace quire::nn
