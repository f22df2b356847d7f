// The two directions of bf16_layer and what the first leaves for the second.
#pragma once

#include "nn/bf16_layer.h"
#include "nn/bf16_layer_rows.h"

namespace quire::nn {

// One linear layer: its weight packed for both directions.
struct PackedLinear {
  at::Tensor weight, bias;
  Bf16Panels forward, backward;
};

struct PackedNorm {
  at::Tensor gamma, beta;
};

// A layer and its batch, the same in both directions.
struct LayerWork : torch::CustomClassHolder {
  std::shared_ptr<PackedWeight> query_key_value, attention_output, intermediate, output;
  std::vector<std::int64_t> offsets;  // [S + 1] rows of each sequence
  std::vector<std::uint32_t> documents;
  LayerSettings settings;
  std::shared_ptr<DropoutPlan> attention_plan, output_plan;  // of the two sums before a norm

  [[nodiscard]] std::int64_t sequences() const { return static_cast<std::int64_t>(documents.size()); }
  // Calls body(head view, sequence, head) for all heads of all sequences, on all threads.
  template <typename Body>
  void for_heads(const Bf16Path& path, const Bf16Blocks& qkv, const Body& body) const;
};

// What the forward pass leaves for the backward pass: T tokens, hidden H, inner I.
struct LayerTape {
  at::Tensor x;                              // float32 [T, H]
  at::Tensor query_key_value;                // blocks of 3H columns
  at::Tensor log_sums;                       // float32 [heads, T], see attend
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

template <typename Body>
void LayerWork::for_heads(const Bf16Path& path, const Bf16Blocks& qkv, const Body& body) const {
  const std::int64_t hidden = qkv.columns / 3;
  const std::int64_t width = hidden / settings.heads;
  kernels::for_tasks(sequences() * settings.heads, [&](std::int64_t task) {
    const std::int64_t sequence = task / settings.heads;
    const std::int64_t head = task % settings.heads;
    const std::int64_t first = offsets[static_cast<std::size_t>(sequence)];
    const auto part = [&](std::int64_t index) {
      return qkv.tile(first, (index * hidden + head * width) / kPanelWidth);
    };
    const std::uint32_t site =
        dropout_site(settings.index, Site::attention) + static_cast<std::uint32_t>(head);
    const kernels::Bf16Head view{
        .query = part(0),
        .key = part(1),
        .value = part(2),
        .step = qkv.height * kPanelWidth,
        .length = offsets[static_cast<std::size_t>(sequence) + 1] - first,
        .width = width,
        .scale = static_cast<float>(1 / std::sqrt(static_cast<double>(width))),
        .stream = dropout_stream(settings.state, documents[static_cast<std::size_t>(sequence)], site),
        .rate = kernels::DropoutRate(settings.state.active ? settings.attention_dropout : 0)};
    const kernels::Bf16Session session(path);
    body(view, first, head);
  });
}

}  // namespace quire::nn
