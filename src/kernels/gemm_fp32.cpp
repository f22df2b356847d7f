// Pieces of float32 products on AVX-512: tiles of 12 rows by 32 columns, as in
// gemm_avx512_bf16.cpp.
#include <immintrin.h>

#include "kernels/bf16.h"
#include "kernels/square.h"

namespace quire::kernels {
namespace {

constexpr int kTileRows = 12;

inline __mmask16 first(int64_t count) {
  return static_cast<__mmask16>(count >= kSide ? 0xFFFF : count <= 0 ? 0 : (1U << count) - 1);
}

// 16 elements of a row from `column` on, zeros past the end of row or matrix.
inline __m512i load_row(const Fp32Rows& x, int64_t row, int64_t column) {
  if (row >= x.rows || column >= x.depth) return _mm512_setzero_si512();
  return _mm512_maskz_loadu_epi32(first(x.depth - column), x.data + row * x.stride + column);
}

template <int kRows>
void tile(const float* left, int64_t stride, const float* panel, int64_t depth, float* out,
          int64_t out_stride) {
  __m512 sums[kRows][2];
  for (auto& row : sums) row[0] = row[1] = _mm512_setzero_ps();
  for (int64_t k = 0; k < depth; ++k, panel += kPanelWidth) {
    const __m512 low = _mm512_loadu_ps(panel);
    const __m512 high = _mm512_loadu_ps(panel + 16);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) {
      const __m512 value = _mm512_set1_ps(left[r * stride + k]);
      sums[r][0] = _mm512_fmadd_ps(value, low, sums[r][0]);
      sums[r][1] = _mm512_fmadd_ps(value, high, sums[r][1]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    _mm512_storeu_ps(out + r * out_stride, sums[r][0]);
    _mm512_storeu_ps(out + r * out_stride + 16, sums[r][1]);
  }
}

using Tile = void (*)(const float*, int64_t, const float*, int64_t, float*, int64_t);
constexpr Tile kTiles[kTileRows] = {tile<1>, tile<2>, tile<3>, tile<4>,  tile<5>,  tile<6>,
                                    tile<7>, tile<8>, tile<9>, tile<10>, tile<11>, tile<12>};

void multiply(const float* left, int64_t stride, int64_t rows, const float* panel, int64_t depth, float* out,
              int64_t out_stride) {
  kTiles[rows - 1](left, stride, panel, depth, out, out_stride);
}

void pack(const Fp32Rows& x, int64_t column, float* out) {
  for (int64_t row = 0; row < x.rows; ++row, out += kPanelWidth) {
    _mm512_storeu_si512(out, load_row(x, row, column));
    _mm512_storeu_si512(out + kSide, load_row(x, row, column + kSide));
  }
}

void pack_transposed(const Fp32Rows& x, int64_t row, float* out) {
  for (int64_t start = 0; start < x.depth; start += kSide) {
    for (int half = 0; half < 2; ++half) {
      __m512i square[kSide];
      for (int i = 0; i < kSide; ++i) square[i] = load_row(x, row + half * kSide + i, start);
      transpose_square(square);
      float* target = out + start * kPanelWidth + half * kSide;
      for (int i = 0; i < kSide && start + i < x.depth; ++i)
        _mm512_storeu_si512(target + i * kPanelWidth, square[i]);
    }
  }
}

void transpose(const Fp32Rows& x, float* out, int64_t out_stride) {
  for (int64_t row = 0; row < x.rows; row += kSide) {
    const __mmask16 rows_left = first(x.rows - row);
    for (int64_t column = 0; column < x.depth; column += kSide) {
      __m512i square[kSide];
      for (int i = 0; i < kSide; ++i) square[i] = load_row(x, row + i, column);
      transpose_square(square);
      for (int i = 0; i < kSide && column + i < x.depth; ++i)
        _mm512_mask_storeu_epi32(out + (column + i) * out_stride + row, rows_left, square[i]);
    }
  }
}

}  // namespace

const Fp32Tiles avx512_fp32_tiles = {kTileRows, multiply, pack, pack_transposed, transpose};

}  // namespace quire::kernels
