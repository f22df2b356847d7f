// What the ways to run packed attention share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "quire/nn/aten.h"
#include "quire/nn/ops.h"

namespace quire::nn {

// Of the scores of a head of this width.
inline double score_scale(std::int64_t width) { return 1 / std::sqrt(static_cast<double>(width)); }

struct AttentionPlan : torch::CustomClassHolder {
  std::vector<std::int64_t> offsets;
  std::vector<std::uint32_t> documents;
  std::int64_t heads = 0;
  std::int64_t layer = 0;
  double dropout = 0;  // 0 when inactive
  DropoutState state;

  [[nodiscard]] std::int64_t length(std::size_t b) const { return offsets[b + 1] - offsets[b]; }
  [[nodiscard]] std::int64_t longest() const {
    std::int64_t longest = 0;
    for (std::size_t b = 0; b < documents.size(); ++b) longest = std::max(longest, length(b));
    return longest;
  }
};

[[nodiscard]] c10::intrusive_ptr<AttentionPlan> plan_attention(const PackedBatch& batch, std::int64_t heads,
                                                               double dropout, const DropoutState& state,
                                                               std::int64_t layer);

// Multipliers of rows [first, last) of one head's [length, length] probabilities.
void fill_multipliers(const AttentionPlan& plan, std::size_t b, std::int64_t head, std::int64_t first,
                      std::int64_t last, std::vector<float>& multipliers);

// Attention with one task for each head of each document, all of whose products run on its thread:
// scores exist for one head and, forward, for the rows of one tile. Needs kernels::fp32_tiles().
// qkv [T, 3 * hidden] and the gradients contiguous; fills out [T, hidden].
void tiled_attention(const at::Tensor& qkv, const AttentionPlan& plan, const at::Tensor& out);
void tiled_attention_backward(const at::Tensor& qkv, const at::Tensor& grad_out, const AttentionPlan& plan,
                              const at::Tensor& grad_qkv);

// Whether libtorch's fused kernel for packed sequences runs here: bfloat16 on CUDA.
[[nodiscard]] bool takes_flash(const at::Tensor& qkv, const AttentionPlan& plan);
// qkv [T, 3 * hidden] to [T, hidden]. Dropout is the kernel's own: the same whenever the same batch comes,
// but not keyed by document.
[[nodiscard]] at::Tensor flash_attention(const at::Tensor& qkv, const AttentionPlan& plan);

// The twin, for any device and type: ATen's own operations on all documents at once, laid out to the
// longest of the batch. Documents of a batch are of like length, and padding has no weight.
[[nodiscard]] at::Tensor padded_attention(const at::Tensor& qkv, const AttentionPlan& plan);

}  // namespace quire::nn
