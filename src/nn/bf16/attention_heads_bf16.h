// The heads of a packed batch as tasks for the attention of bf16_attention.h.
#pragma once

#include "nn/attention/attention.h"
#include "nn/bf16/bf16_layer_rows.h"
#include "nn/ops/dropout.h"
#include "quire/nn/batch.h"

namespace quire::nn {

struct PackedHeads {
  std::vector<std::int64_t> offsets;  // [S + 1] rows of each sequence
  std::vector<std::uint32_t> documents;
  std::int64_t heads = 1, layer = 0;
  double dropout = 0;
  DropoutState state;

  [[nodiscard]] bool drops() const { return state.active && dropout > 0; }

  // Memory for what dropout keeps of all scores, empty where it keeps all.
  [[nodiscard]] at::Tensor kept_memory() const {
    const std::int64_t pieces = drops() ? static_cast<std::int64_t>(documents.size()) * heads : 0;
    return at::empty({pieces * kept_bytes()}, at::kByte);
  }

  // Calls body(view, first row of its sequence, head) for all heads of all sequences, on all threads. `qkv`:
  // query, key and value side by side; `kept`: kept_memory().
  template <typename Body>
  void for_each(const Bf16Path& path, const Bf16Blocks& qkv, const at::Tensor& kept, const Body& body) const {
    const std::int64_t hidden = qkv.columns / 3;
    const std::int64_t width = hidden / heads;
    const std::int64_t kept_step = drops() ? kept_bytes() : 0;
    auto* kept_data = drops() ? kept.mutable_data_ptr<std::uint8_t>() : nullptr;
    kernels::for_tasks(static_cast<std::int64_t>(documents.size()) * heads, [&](std::int64_t task) {
      const auto sequence = static_cast<std::size_t>(task / heads);
      const std::int64_t head = task % heads;
      const std::int64_t first = offsets[sequence];
      const auto part = [&](std::int64_t index) {
        return qkv.tile(first, (index * hidden + head * width) / kPanelWidth);
      };
      const std::uint32_t site = dropout_site(layer, Site::attention) + static_cast<std::uint32_t>(head);
      const kernels::Bf16Head view{.query = part(0),
                                   .key = part(1),
                                   .value = part(2),
                                   .step = qkv.height * kPanelWidth,
                                   .length = offsets[sequence + 1] - first,
                                   .width = width,
                                   .scale = static_cast<float>(score_scale(width)),
                                   .stream = dropout_stream(state, documents[sequence], site),
                                   .rate = kernels::DropoutRate(state.active ? dropout : 0),
                                   .kept = drops() ? kept_data + task * kept_step : nullptr};
      const kernels::TileSession session(path);
      body(view, first, head);
    });
  }

  // The context of all heads, blocks of as many columns as the query's; fills `kept` and `softmax`, float32
  // [heads, rows, 2]: SoftmaxRow.
  void attend(const Bf16Path& path, const Bf16Blocks& qkv, const Bf16Blocks& context, const at::Tensor& kept,
              const at::Tensor& softmax) const {
    for_each(path, qkv, kept, [&](const kernels::Bf16Head& view, std::int64_t first, std::int64_t head) {
      ThreadMemory memory(kernels::attend_bytes(view.length, view.width));
      kernels::attend(view, path, context.tile(first, head * view.width / kPanelWidth),
                      softmax_rows(softmax, head, first), memory.take<std::byte>(0));
    });
  }

  static kernels::SoftmaxRow* softmax_rows(const at::Tensor& softmax, std::int64_t head, std::int64_t first) {
    return reinterpret_cast<kernels::SoftmaxRow*>(softmax.mutable_data_ptr<float>()) +
           head * softmax.size(1) + first;
  }

 private:
  // Of one head of one sequence; sequences of a batch are of like length.
  [[nodiscard]] std::int64_t kept_bytes() const {
    std::int64_t longest = 0;
    for (std::size_t s = 0; s < documents.size(); ++s)
      longest = std::max(longest, offsets[s + 1] - offsets[s]);
    return kernels::kept_bytes(longest);
  }
};

// Whether heads of this width can be views of blocks.
inline bool whole_tiles(std::int64_t columns) { return columns % kPanelWidth == 0; }

}  // namespace quire::nn
