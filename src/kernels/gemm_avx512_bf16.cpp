// Tiles of 12 rows by 32 columns with vdpbf16ps: 24 sums in registers, two loads of the panel and
// twelve broadcasts a step.
#include <immintrin.h>

#include "kernels/bf16.h"

namespace quire::kernels {
namespace {

constexpr int kRegisterRows = 12;

inline __m512bh broadcast_pair(const Bf16* pair) {
  int32_t bits;
  __builtin_memcpy(&bits, pair, sizeof bits);
  return reinterpret_cast<__m512bh>(_mm512_set1_epi32(bits));
}

inline __m512bh load_pairs(const Bf16* pairs) { return reinterpret_cast<__m512bh>(_mm512_load_si512(pairs)); }

template <int kRows>
void tile(const Bf16Left& left, const Bf16* panel, int64_t depth, float* out, bool add) {
  __m512 sums[kRows][2];
  for (int r = 0; r < kRows; ++r) {
    sums[r][0] = add ? _mm512_load_ps(out + r * kPanelWidth) : _mm512_setzero_ps();
    sums[r][1] = add ? _mm512_load_ps(out + r * kPanelWidth + 16) : _mm512_setzero_ps();
  }
  const Bf16* rows = left.data;
  for (int64_t step = 0; step < depth; step += kDepthStep, rows += left.step) {
    for (int64_t k = 0; k < kDepthStep; k += 2, panel += 2 * kPanelWidth) {
      const __m512bh low = load_pairs(panel);
      const __m512bh high = load_pairs(panel + kPanelWidth);
#pragma GCC unroll 12
      for (int r = 0; r < kRows; ++r) {
        const __m512bh pair = broadcast_pair(rows + r * left.stride + k);
        sums[r][0] = _mm512_dpbf16_ps(sums[r][0], pair, low);
        sums[r][1] = _mm512_dpbf16_ps(sums[r][1], pair, high);
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    _mm512_store_ps(out + r * kPanelWidth, sums[r][0]);
    _mm512_store_ps(out + r * kPanelWidth + 16, sums[r][1]);
  }
}

using Tile = void (*)(const Bf16Left&, const Bf16*, int64_t, float*, bool);
constexpr Tile kTiles[kRegisterRows] = {tile<1>, tile<2>, tile<3>, tile<4>,  tile<5>,  tile<6>,
                                        tile<7>, tile<8>, tile<9>, tile<10>, tile<11>, tile<12>};

// In equal parts: 13 rows as 7 and 6 take less time than as 12 and 1.
void multiply_tile(const Bf16Left& left, int64_t rows, const Bf16* panel, int64_t depth, float* out, bool add,
                   const FetchAhead& /*ahead*/) {
  const int64_t parts = (rows + kRegisterRows - 1) / kRegisterRows;
  const int64_t size = (rows + parts - 1) / parts;
  for (int64_t row = 0; row < rows; row += size) {
    const int64_t count = rows - row < size ? rows - row : size;
    kTiles[count - 1]({left.data + row * left.stride, left.stride, left.step}, panel, depth,
                      out + row * kPanelWidth, add);
  }
}

void nothing() {}

}  // namespace

const Bf16Path avx512_bf16_path = {"avx512_bf16", nothing, nothing, multiply_tile};

}  // namespace quire::kernels
