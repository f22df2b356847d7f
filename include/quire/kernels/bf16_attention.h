// Self-attention of one head of one sequence with bfloat16 products and float32 softmax, one thread's work.
// The scores exist for 32 queries at a time; the backward pass computes them again from the queries and keys
// and what is kept of each softmax (as Dao et al. 2022 do). Nothing here may be called unless
// bf16_available().
#pragma once

#include <cstdint>

#include "quire/kernels/bf16_blocks.h"
#include "quire/kernels/kernels.h"

namespace quire::kernels {

// A head's width is a multiple of 32. Pointers are to the first row of its first block; its blocks lie `step`
// elements apart, rows kPanelWidth. Memory for 32 rows past the last must exist.
struct Bf16Head {
  const Bf16* query = nullptr;
  const Bf16* key = nullptr;
  const Bf16* value = nullptr;
  std::int64_t step = 0;
  std::int64_t length = 0, width = 0;
  float scale = 1;  // of the scores, before the softmax
  DropoutStream stream;
  DropoutRate rate{0};  // of the probabilities
  // What dropout keeps, a bit for each score: kept_bytes(length) that attend fills and attend_backward reads.
  // Unused where nothing is dropped.
  std::uint8_t* kept = nullptr;
};

[[nodiscard]] std::int64_t kept_bytes(std::int64_t length);

// Of one query: p = inverse * 2^(score * scale * log2(e) - highest).
struct SoftmaxRow {
  float highest, inverse;
};

// Bytes of memory, aligned to 64, that either of these works in.
[[nodiscard]] std::int64_t attend_bytes(std::int64_t length, std::int64_t width);

// context = dropout(softmax(scale query key')) value, rounded, rows and blocks laid out as the query's; fills
// softmax [length].
void attend(const Bf16Head& head, const Bf16Path& path, Bf16* context, SoftmaxRow* softmax, void* memory);

// Gradients of query, key and value, rounded and laid out as they are, from that of the context.
struct Bf16HeadGradients {
  Bf16* query = nullptr;
  Bf16* key = nullptr;
  Bf16* value = nullptr;
};
void attend_backward(const Bf16Head& head, const Bf16Path& path, const Bf16* context,
                     const Bf16* grad_context, const SoftmaxRow* softmax, const Bf16HeadGradients& gradients,
                     void* memory);

}  // namespace quire::kernels
