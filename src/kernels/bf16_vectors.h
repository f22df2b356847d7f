// Vectors of 16 float32 and 32 bfloat16 numbers for files compiled for AVX512_BF16. In an anonymous
// namespace: see CMakeLists.txt.
#pragma once

#include <immintrin.h>
#include <stdint.h>

#include "kernels/square.h"
#include "quire/kernels/gemm.h"

namespace quire::kernels {
namespace {

inline __m512 widened(const Bf16* x) {
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x))), 16));
}

inline __m256i rounded(__m512 x) { return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)); }

constexpr int64_t kTwoSides = 32;
static_assert(kTwoSides == 2 * kSide);

// 32 numbers in their order.
inline __m512i rounded(__m512 low, __m512 high) {
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
}

struct Interleaved {
  __m512i low, high;  // pairs of columns 0..15 and 16..31
};

inline Interleaved interleave(__m512i even, __m512i odd) {
  const __m512i low = _mm512_unpacklo_epi16(even, odd);   // pairs 0-3, 8-11, 16-19, 24-27
  const __m512i high = _mm512_unpackhi_epi16(even, odd);  // pairs 4-7, 12-15, ...
  const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
  const __m512i second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
  return {_mm512_permutex2var_epi64(low, first, high), _mm512_permutex2var_epi64(low, second, high)};
}

// Eight columns of 32 rows of numbers, `stride` apart. A register takes 128-bit pieces of rows r, r + 8, r +
// 16 and r + 24, so that its lanes transpose squares of eight by eight side by side: less than half the
// shuffles of a transpose that starts from whole rows.
inline void transpose_eight_columns(const Bf16* x, int64_t stride, __m512i (&columns)[8]) {
  __m512i rows[8];
#pragma GCC unroll 8
  for (int64_t r = 0; r < 8; ++r) {
    const auto piece = [&](int64_t lane) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(x + (r + 8 * lane) * stride));
    };
    __m512i row = _mm512_castsi128_si512(piece(0));
    row = _mm512_mask_broadcast_i32x4(row, 0x00F0, piece(1));
    row = _mm512_mask_broadcast_i32x4(row, 0x0F00, piece(2));
    rows[r] = _mm512_mask_broadcast_i32x4(row, 0xF000, piece(3));
  }
  __m512i pairs[8];  // [2 i + h]: columns 4 h .. 4 h + 3 of rows 2 i and 2 i + 1
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm512_unpacklo_epi16(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_epi16(rows[i], rows[i + 1]);
  }
#pragma GCC unroll 2
  for (int h = 0; h < 2; ++h) {
    const __m512i upper_low = _mm512_unpacklo_epi32(pairs[h], pairs[2 + h]);
    const __m512i upper_high = _mm512_unpackhi_epi32(pairs[h], pairs[2 + h]);
    const __m512i lower_low = _mm512_unpacklo_epi32(pairs[4 + h], pairs[6 + h]);
    const __m512i lower_high = _mm512_unpackhi_epi32(pairs[4 + h], pairs[6 + h]);
    columns[4 * h] = _mm512_unpacklo_epi64(upper_low, lower_low);
    columns[4 * h + 1] = _mm512_unpackhi_epi64(upper_low, lower_low);
    columns[4 * h + 2] = _mm512_unpacklo_epi64(upper_high, lower_high);
    columns[4 * h + 3] = _mm512_unpackhi_epi64(upper_high, lower_high);
  }
}

// The first `count` columns of 32 rows of 32 numbers one behind the other, to rows `stride` apart.
inline void transpose_to(const Bf16* tile, Bf16* out, int64_t stride, int64_t count) {
  for (int64_t first = 0; first < count; first += 8) {
    __m512i columns[8];
    transpose_eight_columns(tile + first, kPanelWidth, columns);
    if (count - first >= 8) {
#pragma GCC unroll 8
      for (int64_t i = 0; i < 8; ++i) _mm512_storeu_si512(out + (first + i) * stride, columns[i]);
    } else {
      for (int64_t i = 0; i < count - first; ++i) _mm512_storeu_si512(out + (first + i) * stride, columns[i]);
    }
  }
}

// 2^x to 3e-6, a thousandth of what rounding to bfloat16 loses; 0 far below. The polynomial is the one of its
// degree with the smallest largest relative error on [-1/2, 1/2].
inline __m512 power_of_two(__m512 x) {
  const __m512 fraction = _mm512_reduce_ps(x, 0);  // from the nearest integer
  const __m512 whole = _mm512_sub_ps(x, fraction);
  __m512 p = _mm512_set1_ps(9.5701019e-3F);
  p = _mm512_fmadd_ps(p, fraction, _mm512_set1_ps(5.5917860e-2F));
  p = _mm512_fmadd_ps(p, fraction, _mm512_set1_ps(0.24024745F));
  p = _mm512_fmadd_ps(p, fraction, _mm512_set1_ps(0.69312181F));
  p = _mm512_fmadd_ps(p, fraction, _mm512_set1_ps(0.99999926F));
  return _mm512_scalef_ps(p, whole);
}

struct NormalVector {
  __m512 cumulative, bell;  // Phi(x) and exp(-x^2 / 2)
};

// math.h's standard_normal on a vector, its division by an approximate reciprocal improved once.
inline NormalVector standard_normal(__m512 x) {
  const __m512 size = _mm512_abs_ps(x);
  const __m512 bell =
      power_of_two(_mm512_mul_ps(_mm512_mul_ps(x, x), _mm512_set1_ps(-0.72134752F)));  // log2(e) / 2
  const __m512 d = _mm512_fmadd_ps(size, _mm512_set1_ps(0.3275911F * 0.70710678F), _mm512_set1_ps(1.0F));
  const __m512 guess = _mm512_rcp14_ps(d);
  const __m512 t = _mm512_mul_ps(guess, _mm512_fnmadd_ps(d, guess, _mm512_set1_ps(2.0F)));
  __m512 p = _mm512_set1_ps(1.061405429F);
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(-1.453152027F));
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(1.421413741F));
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(-0.284496736F));
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(0.254829592F));
  const __m512 tail = _mm512_mul_ps(_mm512_mul_ps(p, t), _mm512_mul_ps(bell, _mm512_set1_ps(0.5F)));
  const __mmask16 negative = _mm512_movepi32_mask(_mm512_castps_si512(x));
  return {_mm512_mask_mov_ps(_mm512_sub_ps(_mm512_set1_ps(1.0F), tail), negative, tail), bell};
}

}  // namespace
}  // namespace quire::kernels
