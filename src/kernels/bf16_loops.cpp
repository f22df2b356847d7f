// Rounding, packing and epilogues of the bfloat16 products, for AVX-512.
#include <immintrin.h>

#include "kernels/bf16.h"
#include "kernels/bf16_vectors.h"
#include "kernels/math.h"

namespace quire::kernels::bf16 {
namespace {

// To nearest, ties to even; a NaN stays one. Numbers too small to be normal stay, which AVX512_BF16 drops.
inline Bf16 nearest(float x) {
  union {
    float value;
    uint32_t bits;
  } word = {x};
  const uint32_t upper = (word.bits + 0x7FFF + ((word.bits >> 16) & 1)) >> 16;
  return static_cast<Bf16>((word.bits & 0x7FFFFFFF) > 0x7F800000 ? 0x7FC0 : upper);
}

// 32 elements of a row from `column` on, zeros past the end of row or matrix.
inline __m512i load_row(const Bf16Rows& x, int64_t row, int64_t column) {
  if (row >= x.rows || column >= x.depth) return _mm512_setzero_si512();
  const Bf16* data = x.data + row * x.stride + column;
  const int64_t left = x.depth - column;
  if (left >= 32) return _mm512_loadu_si512(data);
  return _mm512_maskz_loadu_epi16((1U << left) - 1, data);
}

inline int64_t pad(int64_t depth) { return (depth + kDepthStep - 1) / kDepthStep * kDepthStep; }

}  // namespace

void round_row(const float* x, int64_t count, int64_t padded, Bf16* out, float* sums) {
  for (int64_t i = 0; i < count; ++i) out[i] = nearest(x[i]);
  for (int64_t i = count; i < padded; ++i) out[i] = 0;
  if (sums == nullptr) return;
  for (int64_t i = 0; i < count; ++i) sums[i] += x[i];
}

void transpose_stripe(const Bf16Rows& in, int64_t first, const Bf16Rows& out) {
  alignas(64) Bf16 tile[kTwoSides * kPanelWidth];
  for (int64_t column = 0; column < in.depth; column += kTwoSides) {
    for (int64_t i = 0; i < kTwoSides; ++i)
      _mm512_store_si512(tile + i * kPanelWidth, load_row(in, first + i, column));
    const int64_t left = in.depth - column;
    transpose_to(tile, out.data + column * out.stride + first, out.stride,
                 left < kTwoSides ? left : kTwoSides);
  }
}

void pack_panel(const Bf16Rows& x, int64_t column, Bf16* out) {
  const int64_t depth = pad(x.rows);
  for (int64_t row = 0; row < depth; row += 2, out += 2 * kPanelWidth) {
    const Interleaved both = interleave(load_row(x, row, column), load_row(x, row + 1, column));
    _mm512_storeu_si512(out, both.low);
    _mm512_storeu_si512(out + kPanelWidth, both.high);
  }
}

void pack_panel_transposed(const Bf16Rows& x, int64_t column, Bf16* out) {
  const int64_t depth = pad(x.depth);
  for (int64_t start = 0; start < depth; start += 32) {
    for (int64_t half = 0; half < 2; ++half) {
      __m512i rows[kSide];
      for (int64_t i = 0; i < kSide; ++i) rows[i] = load_row(x, column + half * kSide + i, start);
      transpose_square(rows);
      Bf16* target = out + start * kPanelWidth + half * kPanelWidth;
      for (int64_t i = 0; i < kSide; ++i) _mm512_storeu_si512(target + i * 2 * kPanelWidth, rows[i]);
    }
  }
}

namespace {

// Calls body(column) for the columns of a tile; nearly all tiles are full, and those vectorise best.
template <typename Body>
inline void for_columns(int64_t columns, Body body) {
  if (columns == kPanelWidth) {
    for (int64_t c = 0; c < kPanelWidth; ++c) body(c);
  } else {
    for (int64_t c = 0; c < columns; ++c) body(c);
  }
}

void finish_sum(const float* __restrict product, int64_t columns, const float* __restrict bias,
                float* __restrict sum) {
  for_columns(columns, [&](int64_t c) { sum[c] = product[c] + bias[c]; });
}

void finish_gelu(const float* __restrict product, int64_t columns, const float* __restrict bias,
                 float* __restrict sum, Bf16* __restrict out) {
  for_columns(columns, [&](int64_t c) {
    const float x = product[c] + bias[c];
    sum[c] = x;
    out[c] = nearest(gelu(x));
  });
}

void finish_gelu_gradient(const float* __restrict product, int64_t columns, const float* __restrict sum,
                          Bf16* __restrict out, float* __restrict sums) {
  for_columns(columns, [&](int64_t c) {
    const float gradient = product[c] * gelu_slope(sum[c]);
    out[c] = nearest(gradient);
    sums[c] += gradient;
  });
}

}  // namespace

void finish_tile(const float* product, int64_t rows, int64_t columns, const Epilogue& epilogue, int64_t row,
                 int64_t column, int64_t width, float* sums) {
  float bias[kPanelWidth] = {};
  if (epilogue.bias != nullptr) for_columns(columns, [&](int64_t c) { bias[c] = epilogue.bias[column + c]; });
  for (int64_t r = row; r < row + rows; ++r, product += kPanelWidth) {
    float* sum = epilogue.sum + r * width + column;
    if (epilogue.kind == Epilogue::Kind::sum) {
      finish_sum(product, columns, bias, sum);
      continue;
    }
    Bf16* out = epilogue.rounded.data + r * epilogue.rounded.stride + column;
    if (epilogue.kind == Epilogue::Kind::gelu) {
      finish_gelu(product, columns, bias, sum, out);
    } else {
      finish_gelu_gradient(product, columns, sum, out, sums + column);
    }
  }
}

}  // namespace quire::kernels::bf16
