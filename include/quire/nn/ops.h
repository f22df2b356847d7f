// Differentiable operations on packed batches that ATen has no fused form for.
//
// On a CPU in float32 they run our kernels; each has a twin made of plain ATen operations, which
// is its reference in tests and what any other device and type uses.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "quire/nn/batch.h"

namespace quire::nn {

// Whether and with which random numbers dropout acts in one forward pass.
struct DropoutState {
  bool active = false;
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  std::uint32_t pass = 0;     // < 256: a second pass over the same documents draws anew
  std::uint32_t network = 0;  // < 256: so does another network that reads them
};

// Places where dropout acts; `layer` counts from 0, the embeddings are layer -1.
enum class Site : std::uint32_t {
  attention_output = 0,
  feed_forward_output,
  embeddings,
  head,
  head_inner,
  attention = 16
};
[[nodiscard]] std::uint32_t dropout_site(std::int64_t layer, Site site);

// Which implementation runs. `automatic`: kernels for float32 on a CPU, else ATen.
enum class Implementation { automatic, aten };

// Has every operation of this thread run its twin for as long as it lives: the path of any other
// device, on a CPU. For tests; QUIRE_ISA=aten does the same to a whole process.
class AtenTwins {
 public:
  AtenTwins();
  ~AtenTwins();
  AtenTwins(const AtenTwins&) = delete;
  AtenTwins& operator=(const AtenTwins&) = delete;

 private:
  bool before_;
};

// The rows of a packed tensor, and the document that each belongs to. A row is a token, or where a head reads
// one vector a document, a document.
struct RowLayout {
  std::span<const std::int64_t> offsets;     // [B + 1] rows of each document
  std::span<const std::uint32_t> documents;  // [B]
};

// Multi-head self-attention within each document (Vaswani et al. 2017, as BERT has it): scores
// scaled by 1 / sqrt(head width), softmax, dropout on the probabilities.
// qkv: [T, 3 * hidden], query, key and value side by side; result [T, hidden]. Scores exist for
// one document at a time and are computed again in the backward pass. In bfloat16 on CUDA libtorch's own
// kernel runs, whose dropout is the same for the same batch but depends on it.
[[nodiscard]] at::Tensor packed_attention(const at::Tensor& qkv, const PackedBatch& batch, std::int64_t heads,
                                          double dropout, const DropoutState& state, std::int64_t layer,
                                          Implementation implementation = Implementation::automatic);

// LayerNorm(dropout(x) + residual): x [rows, hidden], residual of the same shape or undefined.
[[nodiscard]] at::Tensor dropout_add_layer_norm(const at::Tensor& x, const at::Tensor& residual,
                                                const at::Tensor& gamma, const at::Tensor& beta,
                                                double epsilon, const RowLayout& rows, double dropout,
                                                const DropoutState& state, std::uint32_t site,
                                                Implementation implementation = Implementation::automatic);

// dropout(x), x [rows, width]: kept values are scaled up, as everywhere.
[[nodiscard]] at::Tensor dropout(const at::Tensor& x, const RowLayout& rows, double probability,
                                 const DropoutState& state, std::uint32_t site);

// Mean over the tokens of each document: [T, hidden] to [B, hidden].
[[nodiscard]] at::Tensor mean_pool(const at::Tensor& hidden, const PackedBatch& batch);

// The largest value over the rows of each piece: [rows, width] to [pieces, width].
[[nodiscard]] at::Tensor max_pool(const at::Tensor& rows, std::span<const std::int64_t> offsets);

// First token of each document: [T, hidden] to [B, hidden].
[[nodiscard]] at::Tensor first_token(const at::Tensor& hidden, const PackedBatch& batch);

}  // namespace quire::nn
