// Transposing squares in AVX-512 registers. In an anonymous namespace: see CMakeLists.txt.
#pragma once

#include <immintrin.h>

namespace quire::kernels {
namespace {

constexpr int kSide = 16;

// Transposes 16 rows of 16 32-bit elements: by single elements, pairs, then quarters and halves of
// registers.
inline void transpose_square(__m512i (&rows)[kSide]) {
  __m512i other[kSide];
  for (int i = 0; i < kSide; i += 2) {
    other[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    other[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < kSide; i += 4) {
    rows[i] = _mm512_unpacklo_epi64(other[i], other[i + 2]);
    rows[i + 1] = _mm512_unpackhi_epi64(other[i], other[i + 2]);
    rows[i + 2] = _mm512_unpacklo_epi64(other[i + 1], other[i + 3]);
    rows[i + 3] = _mm512_unpackhi_epi64(other[i + 1], other[i + 3]);
  }
  for (int half = 0; half < kSide; half += 8) {
    for (int i = half; i < half + 4; ++i) {
      other[i] = _mm512_shuffle_i32x4(rows[i], rows[i + 4], 0x88);
      other[i + 4] = _mm512_shuffle_i32x4(rows[i], rows[i + 4], 0xDD);
    }
  }
  for (int i = 0; i < 8; ++i) {
    rows[i] = _mm512_shuffle_i32x4(other[i], other[i + 8], 0x88);
    rows[i + 8] = _mm512_shuffle_i32x4(other[i], other[i + 8], 0xDD);
  }
}

}  // namespace
}  // namespace quire::kernels
