// Tiles of 12 rows by 32 columns with vpdpbusd, as in gemm_avx512_bf16.cpp.
#include <immintrin.h>

#include "kernels/prediction_loops.h"
#include "quire/kernels/gemm.h"

namespace quire::kernels {
namespace {

constexpr int kTileRows = 12;

inline __m512i broadcast_four(const uint8_t* four) {
  int32_t bits;
  __builtin_memcpy(&bits, four, sizeof bits);
  return _mm512_set1_epi32(bits);
}

template <int kRows>
void tile(const uint8_t* left, int64_t stride, const int8_t* panel, int64_t depth, int32_t* out) {
  __m512i sums[kRows][2];
#pragma GCC unroll 12
  for (auto& row : sums) row[0] = row[1] = _mm512_setzero_si512();
  for (int64_t k = 0; k < depth; k += 4, panel += 4 * kPanelWidth) {
    const __m512i low = _mm512_load_si512(panel);
    const __m512i high = _mm512_load_si512(panel + 2 * kPanelWidth);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) {
      const __m512i four = broadcast_four(left + r * stride + k);
      sums[r][0] = _mm512_dpbusd_epi32(sums[r][0], four, low);
      sums[r][1] = _mm512_dpbusd_epi32(sums[r][1], four, high);
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) {
    _mm512_storeu_si512(out + r * kPanelWidth, sums[r][0]);
    _mm512_storeu_si512(out + r * kPanelWidth + 16, sums[r][1]);
  }
}

using Tile = void (*)(const uint8_t*, int64_t, const int8_t*, int64_t, int32_t*);
constexpr Tile kTiles[kTileRows] = {tile<1>, tile<2>, tile<3>, tile<4>,  tile<5>,  tile<6>,
                                    tile<7>, tile<8>, tile<9>, tile<10>, tile<11>, tile<12>};

void multiply_tile(const uint8_t* left, int64_t stride, int64_t rows, const int8_t* panel, int64_t depth,
                   int32_t* out) {
  kTiles[rows - 1](left, stride, panel, depth, out);
}

void nothing() {}

}  // namespace

const Int8Path avx512_vnni_path = {"avx512_vnni", kTileRows, nothing, nothing, multiply_tile};

}  // namespace quire::kernels
