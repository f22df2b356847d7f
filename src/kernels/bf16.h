// What the driver of the bfloat16 products (gemm.cpp) calls in files compiled for AVX-512 and AMX.
// Nothing here may be called on a CPU without them. No library header: see CMakeLists.txt.
#pragma once

#include "quire/kernels/gemm.h"

namespace quire::kernels {

extern const Bf16Path avx512_bf16_path;
extern const Bf16Path amx_path;
extern const Fp32Tiles avx512_fp32_tiles;

namespace bf16 {

// Rounds `count` numbers and writes zeros up to `padded`; adds them to `sums` if not null.
void round_row(const float* x, int64_t count, int64_t padded, Bf16* out, float* sums);

// out[column, row] = in[row, column] for rows [first, first + 32) of out's depth; rows past the end
// of `in` count as zero.
void transpose_stripe(const Bf16Rows& in, int64_t first, const Bf16Rows& out);

// One panel of a right operand: columns [column, column + kPanelWidth) of x, or of x transposed.
void pack_panel(const Bf16Rows& x, int64_t column, Bf16* out);
void pack_panel_transposed(const Bf16Rows& x, int64_t column, Bf16* out);

// Applies the epilogue to a tile of products [.., kPanelWidth] that lies at (row, column). Column
// sums are added to `sums` [columns].
void finish_tile(const float* product, int64_t rows, int64_t columns, const Epilogue& epilogue, int64_t row,
                 int64_t column, int64_t width, float* sums);

}  // namespace bf16

}  // namespace quire::kernels
