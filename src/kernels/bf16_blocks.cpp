#include "quire/kernels/bf16_blocks.h"

#include "kernels/bf16_vectors.h"

namespace quire::kernels {
namespace {

constexpr int64_t kWidth = kPanelWidth;

// A tile of which only the first `rows` count, with zeros for the others: a copy in `memory` unless it is
// whole.
inline const Bf16* whole_tile(const Bf16* tile, int64_t rows, Bf16 (&memory)[kTileSize]) {
  if (rows == kTwoSides) return tile;
  for (int64_t r = 0; r < kTwoSides; ++r) {
    _mm512_store_si512(memory + r * kWidth,
                       r < rows ? _mm512_loadu_si512(tile + r * kWidth) : _mm512_setzero_si512());
  }
  return memory;
}

inline __m512i rounded_row(const float* x) { return rounded(_mm512_loadu_ps(x), _mm512_loadu_ps(x + 16)); }

inline void store_pair(__m512i even, __m512i odd, Bf16* out) {
  const Interleaved both = interleave(even, odd);
  _mm512_storeu_si512(out, both.low);
  _mm512_storeu_si512(out + kWidth, both.high);
}

struct Bias {
  __m512 low = _mm512_setzero_ps(), high = _mm512_setzero_ps();
  explicit Bias(const float* bias) {
    if (bias == nullptr) return;
    low = _mm512_loadu_ps(bias);
    high = _mm512_loadu_ps(bias + 16);
  }
};

inline __m512 gelu(__m512 x) { return _mm512_mul_ps(x, standard_normal(x).cumulative); }

}  // namespace

void round_to_blocks(const float* x, int64_t rows, const Bf16Blocks& out, int64_t first_row) {
  for (int64_t block = 0; block < out.columns / kWidth; ++block) {
    Bf16* tile = out.tile(first_row, block);
    const float* from = x + block * kWidth;
    for (int64_t r = 0; r < rows; ++r, tile += kWidth, from += out.columns)
      _mm512_storeu_si512(tile, rounded(_mm512_loadu_ps(from), _mm512_loadu_ps(from + 16)));
  }
}

void widen_blocks(const Bf16Blocks& x, int64_t first_row, int64_t rows, float* out) {
  for (int64_t block = 0; block < x.columns / kWidth; ++block) {
    const Bf16* tile = x.tile(first_row, block);
    float* to = out + block * kWidth;
    for (int64_t r = 0; r < rows; ++r, tile += kWidth, to += x.columns) {
      _mm512_storeu_ps(to, widened(tile));
      _mm512_storeu_ps(to + 16, widened(tile + 16));
    }
  }
}

void finish_rounded(const float* product, int64_t rows, const float* bias, Bf16* out) {
  const Bias b(bias);
  for (int64_t r = 0; r < rows; ++r, product += kWidth, out += kWidth) {
    _mm512_storeu_si512(out, rounded(_mm512_add_ps(_mm512_load_ps(product), b.low),
                                     _mm512_add_ps(_mm512_load_ps(product + 16), b.high)));
  }
}

void finish_float(const float* product, int64_t rows, const float* bias, float* out, int64_t stride,
                  bool add) {
  const Bias b(bias);
  for (int64_t r = 0; r < rows; ++r, product += kWidth, out += stride) {
    __m512 low = _mm512_add_ps(_mm512_load_ps(product), b.low);
    __m512 high = _mm512_add_ps(_mm512_load_ps(product + 16), b.high);
    if (add) {
      low = _mm512_add_ps(low, _mm512_loadu_ps(out));
      high = _mm512_add_ps(high, _mm512_loadu_ps(out + 16));
    }
    _mm512_storeu_ps(out, low);
    _mm512_storeu_ps(out + 16, high);
  }
}

void finish_gelu(const float* product, int64_t rows, const float* bias, Bf16* x, Bf16* activated) {
  const Bias b(bias);
  for (int64_t r = 0; r < rows; ++r, product += kWidth, x += kWidth, activated += kWidth) {
    _mm512_storeu_si512(x, rounded(_mm512_add_ps(_mm512_load_ps(product), b.low),
                                   _mm512_add_ps(_mm512_load_ps(product + 16), b.high)));
    // Of what is kept, so that the gradient is that of what was computed.
    _mm512_storeu_si512(activated, rounded(gelu(widened(x)), gelu(widened(x + 16))));
  }
}

void finish_gelu_gradient(const float* product, int64_t rows, const Bf16* x, Bf16* gradient, float* sums,
                          Bf16* activated) {
  const __m512 density = _mm512_set1_ps(0.39894228F);  // 1 / sqrt(2 pi)
  __m512 low_sum = _mm512_loadu_ps(sums);
  __m512 high_sum = _mm512_loadu_ps(sums + 16);
  __m512i pair[2];
  for (int64_t r = 0; r < kWidth; ++r, product += kWidth, x += kWidth, gradient += kWidth) {
    if (r >= rows) {
      pair[r % 2] = _mm512_setzero_si512();
      _mm512_storeu_si512(gradient, _mm512_setzero_si512());
    } else {
      __m512 slope[2];
      __m512 value[2];
      for (int64_t half = 0; half < 2; ++half) {
        const __m512 v = widened(x + 16 * half);
        const NormalVector normal = standard_normal(v);
        value[half] = _mm512_mul_ps(v, normal.cumulative);
        slope[half] =
            _mm512_mul_ps(_mm512_fmadd_ps(_mm512_mul_ps(v, density), normal.bell, normal.cumulative),
                          _mm512_load_ps(product + 16 * half));
      }
      low_sum = _mm512_add_ps(low_sum, slope[0]);
      high_sum = _mm512_add_ps(high_sum, slope[1]);
      _mm512_storeu_si512(gradient, rounded(slope[0], slope[1]));
      pair[r % 2] = rounded(value[0], value[1]);
    }
    if (r % 2 == 1) store_pair(pair[0], pair[1], activated + (r - 1) * kWidth);
  }
  _mm512_storeu_ps(sums, low_sum);
  _mm512_storeu_ps(sums + 16, high_sum);
}

void pack_tile(const Bf16* tile, int64_t rows, Bf16* out) {
  alignas(64) Bf16 memory[kTileSize];
  const Bf16* whole = whole_tile(tile, rows, memory);
  for (int64_t r = 0; r < kTileSize; r += 2 * kWidth)
    store_pair(_mm512_loadu_si512(whole + r), _mm512_loadu_si512(whole + r + kWidth), out + r);
}

void transpose_tile(const Bf16* tile, int64_t rows, Bf16* out) {
  alignas(64) Bf16 memory[kTileSize];
  transpose_to(whole_tile(tile, rows, memory), out, kWidth, kWidth);
}

void pack_float_tile(const float* x, int64_t stride, int64_t rows, Bf16* out) {
  for (int64_t r = 0; r < kTwoSides; r += 2) {
    const auto row = [&](int64_t i) {
      return i < rows ? rounded_row(x + i * stride) : _mm512_setzero_si512();
    };
    store_pair(row(r), row(r + 1), out + r * kWidth);
  }
}

void add_rows(const Bf16* tile, int64_t rows, float* sums) {
  __m512 low = _mm512_loadu_ps(sums);
  __m512 high = _mm512_loadu_ps(sums + 16);
  for (int64_t r = 0; r < rows; ++r, tile += kWidth) {
    low = _mm512_add_ps(low, widened(tile));
    high = _mm512_add_ps(high, widened(tile + 16));
  }
  _mm512_storeu_ps(sums, low);
  _mm512_storeu_ps(sums + 16, high);
}

void pack_weight_rows(const float* weight, int64_t first, int64_t out, int64_t in, const Bf16Panels& forward,
                      const Bf16Panels& backward) {
  for (int64_t column = 0; column < in; column += kWidth) {
    const float* tile = weight + first * in + column;
    // Panel `first / 32` of depth in; panel `column / 32` of depth out.
    Bf16* forward_tile = forward.data + (first / kWidth * in + column) * kWidth;
    Bf16* backward_tile = backward.data + (column / kWidth * out + first) * kWidth;
    for (int64_t half = 0; half < 2; ++half) {
      __m512i square[kSide];
#pragma GCC unroll 8
      for (int64_t i = 0; i < kSide; i += 2) {
        const int64_t r = half * kSide + i;
        square[i] = rounded_row(tile + r * in);
        square[i + 1] = rounded_row(tile + (r + 1) * in);
        store_pair(square[i], square[i + 1], backward_tile + r * kWidth);
      }
      // The panel of the transposed tile: pairs along a row stay together.
      transpose_square(square);
#pragma GCC unroll 16
      for (int64_t i = 0; i < kSide; ++i)
        _mm512_storeu_si512(forward_tile + i * 2 * kWidth + half * kWidth, square[i]);
    }
  }
}

}  // namespace quire::kernels
