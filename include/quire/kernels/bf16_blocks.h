// What a transformer layer in bfloat16 is made of besides its products: activations in blocks, and the work
// on tiles between one product and the next. One thread's work each; nothing here may be called unless
// bf16_available().
#pragma once

#include <cstdint>

#include "quire/kernels/gemm.h"

namespace quire::kernels {

// [rows, columns] in blocks of 32 columns, each with all its rows: element (r, c) lies at
// (c / 32 * height + r) * 32 + c % 32. A tile of 32 by 32 is 2 KiB in a row of memory, which is how AMX reads
// fastest. Height and columns are multiples of 32.
struct Bf16Blocks {
  Bf16* data = nullptr;
  std::int64_t height = 0, columns = 0;

  [[nodiscard]] Bf16* tile(std::int64_t row, std::int64_t block) const {
    return data + (block * height + row) * kPanelWidth;
  }
  // Rows from `row` on, all columns from block `block` on, as a left operand.
  [[nodiscard]] Bf16Left left(std::int64_t row, std::int64_t block = 0) const {
    return {tile(row, block), kPanelWidth, height * kPanelWidth};
  }
};

// The elements of Bf16Blocks, of a matrix [rows, columns] in transposed blocks (below), and of panels of
// depth `rows`, if both are multiples of 32.
[[nodiscard]] constexpr std::int64_t blocks_size(std::int64_t rows, std::int64_t columns) {
  return rows * columns;
}

// A tile of 32 by 32 in each of these is 2 KiB in a row of memory.
constexpr std::int64_t kTileSize = kDepthStep * kPanelWidth;

// x [rows, columns] contiguous, rounded, to rows of `out` from `first_row` on, and back.
void round_to_blocks(const float* x, std::int64_t rows, const Bf16Blocks& out, std::int64_t first_row);
void widen_blocks(const Bf16Blocks& x, std::int64_t first_row, std::int64_t rows, float* out);

// A product's tile plus bias [32] (or null), rounded, to a tile of blocks.
void finish_rounded(const float* product, std::int64_t rows, const float* bias, Bf16* out);

// A product's tile plus bias [32] (or null) to float32 rows, `stride` apart; with `add` to what is there.
void finish_float(const float* product, std::int64_t rows, const float* bias, float* out, std::int64_t stride,
                  bool add);

// x = product + bias rounded, and gelu(x), each to a tile of blocks.
void finish_gelu(const float* product, std::int64_t rows, const float* bias, Bf16* x, Bf16* activated);

// gradient = product * gelu'(x) to a tile of blocks, 0 from `rows` on, and its unrounded column sums added to
// `sums` [32]; gelu(x) again, to a tile of panels.
void finish_gelu_gradient(const float* product, std::int64_t rows, const Bf16* x, Bf16* gradient, float* sums,
                          Bf16* activated);

// A tile of blocks, of which rows from `rows` on count as zero, to a tile of panels (its rows are the
// depth), or transposed.
void pack_tile(const Bf16* tile, std::int64_t rows, Bf16* out);
void transpose_tile(const Bf16* tile, std::int64_t rows, Bf16* out);
// The same from float32 rows.
void pack_float_tile(const float* x, std::int64_t stride, std::int64_t rows, Bf16* out);

// The first `rows` rows of a tile of blocks, added to sums [32].
void add_rows(const Bf16* tile, std::int64_t rows, float* sums);

// Rows [first, first + 32) of a weight [out, in], rounded, to where they belong in the right operands of x W'
// (depth in) and of g W (depth out). Both dimensions are multiples of 32.
void pack_weight_rows(const float* weight, std::int64_t first, std::int64_t out, std::int64_t in,
                      const Bf16Panels& forward, const Bf16Panels& backward);

}  // namespace quire::kernels
