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

// The columns of 32 rows of 32 numbers, as rows.
inline void transpose_rows(const __m512i (&rows)[kTwoSides], __m512i (&columns)[kTwoSides]) {
  __m512i low[kSide];
  __m512i high[kSide];
  for (int64_t pair = 0; pair < kSide; ++pair) {
    const Interleaved both = interleave(rows[2 * pair], rows[2 * pair + 1]);
    low[pair] = both.low;
    high[pair] = both.high;
  }
  transpose_square(low);
  transpose_square(high);
  for (int64_t i = 0; i < kSide; ++i) {
    columns[i] = low[i];
    columns[i + kSide] = high[i];
  }
}

// 2^x to 2e-7 for x <= 127; 0 far below.
inline __m512 power_of_two(__m512 x) {
  x = _mm512_max_ps(x, _mm512_set1_ps(-150.0F));
  const __m512 fraction = _mm512_reduce_ps(x, 0);  // from the nearest integer
  const __m512 whole = _mm512_sub_ps(x, fraction);
  __m512 p = _mm512_set1_ps(1.3333558e-3F);
  p = _mm512_fmadd_ps(p, fraction, _mm512_set1_ps(9.6181291e-3F));
  p = _mm512_fmadd_ps(p, fraction, _mm512_set1_ps(5.5504109e-2F));
  p = _mm512_fmadd_ps(p, fraction, _mm512_set1_ps(2.4022651e-1F));
  p = _mm512_fmadd_ps(p, fraction, _mm512_set1_ps(6.9314718e-1F));
  p = _mm512_fmadd_ps(p, fraction, _mm512_set1_ps(1.0F));
  return _mm512_scalef_ps(p, whole);
}

struct NormalVector {
  __m512 cumulative, bell;  // Phi(x) and exp(-x^2 / 2)
};

// math.h's standard_normal on a vector, its division by an approximate reciprocal improved once (2e-7).
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
