#include "quire/kernels/bf16_attention.h"

#include <math.h>

#include "kernels/bf16_vectors.h"
#include "kernels/philox.h"

namespace quire::kernels {
namespace {

constexpr int64_t kTile = kPanelWidth;
constexpr float kLog2E = 1.44269504F;

inline int64_t tiles(int64_t count) { return (count + kTile - 1) / kTile; }
inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// Pieces of the caller's memory, each aligned to 64 bytes.
class Scratch {
 public:
  explicit Scratch(void* memory) : memory_(static_cast<uint8_t*>(memory)) {}
  template <typename T>
  T* take(int64_t count) {
    auto* piece = reinterpret_cast<T*>(memory_);
    memory_ += (count * static_cast<int64_t>(sizeof(T)) + 63) / 64 * 64;
    return piece;
  }

 private:
  uint8_t* memory_;
};

// What dropout keeps of a head's scores, a bit each, row by row.
class KeptBits {
 public:
  static constexpr int64_t kGroupBytes = kDraws / 8;
  explicit KeptBits(const Bf16Head& head)
      : length_(head.length), active_(head.rate.threshold > 0), memory_(head.kept) {}

  [[nodiscard]] bool active() const { return active_; }
  // Those of rows [first, first + rows).
  void draw(const KeptDraws& draws, int64_t first, int64_t rows) {
    if (!active_) return;
    const int64_t end = ((first + rows) * length_ + kDraws - 1) / kDraws;
    for (; drawn_ < end; ++drawn_) {
      uint32_t bits[4];
      static_assert(sizeof bits == kGroupBytes);
      draws.group(static_cast<uint32_t>(drawn_), bits);
      __builtin_memcpy(memory_ + drawn_ * kGroupBytes, bits, sizeof bits);
    }
  }
  // Of 16 elements from (row, column) on.
  [[nodiscard]] __mmask16 at(int64_t row, int64_t column) const {
    if (!active_) return 0xFFFF;
    const int64_t bit = row * length_ + column;
    uint32_t word;
    __builtin_memcpy(&word, memory_ + bit / 8, sizeof word);
    return static_cast<__mmask16>(word >> (bit % 8));
  }

 private:
  int64_t length_;
  bool active_;
  uint8_t* memory_;
  int64_t drawn_ = 0;  // groups
};

// Rows of a head's matrix, a tile at a time.
class Rows {
 public:
  Rows(const Bf16* data, const Bf16Head& head) : data_(data), head_(head) {}
  [[nodiscard]] const Bf16* tile(int64_t row, int64_t block) const {
    return data_ + block * head_.step + row * kTile;
  }
  [[nodiscard]] Bf16Left left(int64_t row) const { return {tile(row, 0), kTile, head_.step}; }

 private:
  const Bf16* data_;
  const Bf16Head& head_;
};

// Calls body(row, rows, tile's number) for the tiles of the sequence.
template <typename Body>
void for_rows(int64_t length, Body body) {
  for (int64_t row = 0; row < length; row += kTile) body(row, least(kTile, length - row), row / kTile);
}

// x' as a right operand of depth width: panels of 32 of its rows.
void pack_transposed(const Rows& x, const Bf16Head& head, Bf16* out) {
  for_rows(head.length, [&](int64_t row, int64_t rows, int64_t panel) {
    for (int64_t block = 0; block < head.width / kTile; ++block) {
      const Bf16* from = x.tile(row, block);
      Bf16* to = out + (panel * head.width + block * kTile) * kTile;
      for (int64_t half = 0; half < 2; ++half) {
        __m512i square[kSide];
        for (int64_t i = 0; i < kSide; ++i) {
          const int64_t r = half * kSide + i;
          square[i] = r < rows ? _mm512_loadu_si512(from + r * kTile) : _mm512_setzero_si512();
        }
        transpose_square(square);
        for (int64_t i = 0; i < kSide; ++i) _mm512_storeu_si512(to + i * 2 * kTile + half * kTile, square[i]);
      }
    }
  });
}

// x as a right operand of depth length: panels of 32 of its columns.
void pack(const Rows& x, const Bf16Head& head, Bf16* out) {
  const int64_t depth = tiles(head.length) * kTile;
  for_rows(head.length, [&](int64_t row, int64_t rows, int64_t) {
    for (int64_t block = 0; block < head.width / kTile; ++block)
      pack_tile(x.tile(row, block), rows, out + (block * depth + row) * kTile);
  });
}

// x' as a left operand of depth length: for each 32 of its columns, tiles of 32 rows.
void transpose(const Rows& x, const Bf16Head& head, Bf16* out) {
  const int64_t depth = tiles(head.length) * kTile;
  for_rows(head.length, [&](int64_t row, int64_t rows, int64_t) {
    for (int64_t block = 0; block < head.width / kTile; ++block)
      transpose_tile(x.tile(row, block), rows, out + (block * depth + row) * kTile);
  });
}

// Which of 16 columns from `column` on exist.
inline __mmask16 existing(int64_t column, int64_t length) {
  const int64_t left = length - column;
  return left >= 16 ? 0xFFFF : left <= 0 ? 0 : static_cast<__mmask16>((1U << left) - 1);
}

// Turns one row of scores, in tiles, into exponentials of their distance from the largest, rounded, zero
// where dropout or the end of the row takes them. Their sum is that before dropout.
SoftmaxRow exponentials(const float* scores, int64_t length, float factor, const KeptBits& kept, int64_t row,
                        Bf16* out) {
  const int64_t last = tiles(length) - 1;
  const __m512 lowest = _mm512_set1_ps(-INFINITY);
  __m512 highest = lowest;
  for (int64_t j = 0; j < last; ++j) {
    highest = _mm512_max_ps(highest, _mm512_load_ps(scores + j * kTileSize));
    highest = _mm512_max_ps(highest, _mm512_load_ps(scores + j * kTileSize + 16));
  }
  for (int64_t half = 0; half < 2; ++half) {
    const __mmask16 mask = existing(last * kTile + 16 * half, length);
    highest =
        _mm512_max_ps(highest, _mm512_mask_loadu_ps(lowest, mask, scores + last * kTileSize + 16 * half));
  }
  const float largest = _mm512_reduce_max_ps(highest);
  const __m512 shift = _mm512_set1_ps(-largest * factor);
  const __m512 factors = _mm512_set1_ps(factor);
  __m512 sum = _mm512_setzero_ps();
  for (int64_t j = 0; j <= last; ++j) {
    __m512 e[2];
    for (int64_t half = 0; half < 2; ++half) {
      const int64_t column = j * kTile + 16 * half;
      const __m512 score = _mm512_load_ps(scores + j * kTileSize + 16 * half);
      e[half] = power_of_two(_mm512_fmadd_ps(score, factors, shift));
      if (j == last) e[half] = _mm512_maskz_mov_ps(existing(column, length), e[half]);
      sum = _mm512_add_ps(sum, e[half]);
      e[half] = _mm512_maskz_mov_ps(kept.at(row, column), e[half]);
    }
    _mm512_storeu_si512(out + j * kTileSize, rounded(e[0], e[1]));
  }
  return {largest * factor, 1.0F / _mm512_reduce_add_ps(sum)};
}

}  // namespace

// A word is read from any byte that an element's bit may be in.
int64_t kept_bytes(int64_t length) {
  return (length * length / kDraws + 1) * KeptBits::kGroupBytes + 2 * kTile / 8 + 4;
}

int64_t attend_bytes(int64_t length, int64_t width) {
  const int64_t depth = tiles(length) * kTile;
  return depth * width * 10 + depth * depth * 4 + depth * kTile * 6 + kTileSize * 12 + 1024;
}

void attend(const Bf16Head& head, const Bf16Path& path, Bf16* context, SoftmaxRow* softmax, void* memory) {
  const int64_t count = tiles(head.length);
  const int64_t depth = count * kTile;
  const int64_t blocks = head.width / kTile;
  Scratch scratch(memory);
  Bf16* keys = scratch.take<Bf16>(depth * head.width);
  Bf16* values = scratch.take<Bf16>(depth * head.width);
  float* scores = scratch.take<float>(depth * kTile);
  Bf16* probabilities = scratch.take<Bf16>(depth * kTile);
  float* product = scratch.take<float>(kTileSize);
  KeptBits kept(head);
  const KeptDraws draws(head.stream, head.rate.threshold);
  pack_transposed(Rows(head.key, head), head, keys);
  pack(Rows(head.value, head), head, values);
  const Rows query(head.query, head);
  const float factor = head.scale * kLog2E;
  const float kept_scale = kept.active() ? head.rate.scale : 1.0F;
  for_rows(head.length, [&](int64_t row, int64_t rows, int64_t) {
    for (int64_t j = 0; j < count; ++j) {
      path.multiply_tile(query.left(row), rows, keys + j * head.width * kTile, head.width,
                         scores + j * kTileSize, false, {});
    }
    kept.draw(draws, row, rows);
    for (int64_t r = 0; r < rows; ++r) {
      softmax[row + r] =
          exponentials(scores + r * kTile, head.length, factor, kept, row + r, probabilities + r * kTile);
    }
    for (int64_t block = 0; block < blocks; ++block) {
      path.multiply_tile({probabilities, kTile, kTileSize}, rows, values + block * depth * kTile, depth,
                         product, false, {});
      Bf16* out = context + block * head.step + row * kTile;
      for (int64_t r = 0; r < rows; ++r) {
        const __m512 factors = _mm512_set1_ps(kept_scale * softmax[row + r].inverse);
        _mm512_storeu_si512(out + r * kTile,
                            rounded(_mm512_mul_ps(_mm512_load_ps(product + r * kTile), factors),
                                    _mm512_mul_ps(_mm512_load_ps(product + r * kTile + 16), factors)));
      }
    }
  });
}

namespace {

// The products of the context and its gradient, summed over each row: what a softmax's gradient subtracts.
void row_dots(const Rows& context, const Rows& grad_context, const Bf16Head& head, int64_t row, int64_t rows,
              float* out) {
  for (int64_t r = 0; r < rows; ++r) {
    __m512 sum = _mm512_setzero_ps();
    for (int64_t block = 0; block < head.width / kTile; ++block) {
      const Bf16* a = context.tile(row + r, block);
      const Bf16* b = grad_context.tile(row + r, block);
      sum = _mm512_fmadd_ps(widened(a), widened(b), sum);
      sum = _mm512_fmadd_ps(widened(a + 16), widened(b + 16), sum);
    }
    out[r] = _mm512_reduce_add_ps(sum);
  }
}

// What the elements of a tile of scores turn into.
struct TileOutputs {
  Bf16* probabilities;  // after dropout: a tile of panels
  Bf16* gradients;      // of the scores: a tile of panels
  Bf16* gradient_rows;  // the same, rows
};

struct RowFactors {
  const SoftmaxRow* softmax;
  const float* dots;
  float factor, scale, kept_scale;
};

// Two neighbouring rows of a tile. Unless it is whole, rows and columns may lie past the end.
template <bool kWhole>
void finish_pair(const float* scores, const float* grad_kept, const Bf16Head& head, const KeptBits& kept,
                 const RowFactors& factors, int64_t row, int64_t r, int64_t rows, int64_t column,
                 const TileOutputs& out) {
  __m512i probability[2];
  __m512i gradient[2];
#pragma GCC unroll 2
  for (int64_t i = 0; i < 2; ++i) {
    if (!kWhole && r + i >= rows) {
      probability[i] = gradient[i] = _mm512_setzero_si512();
    } else {
      const SoftmaxRow& softmax = factors.softmax[row + r + i];
      const __m512 shift = _mm512_set1_ps(-softmax.highest);
      const __m512 to_kept = _mm512_set1_ps(softmax.inverse * factors.kept_scale);
      const __m512 to_gradient = _mm512_set1_ps(softmax.inverse * factors.scale);
      const __m512 dot = _mm512_set1_ps(factors.dots[r + i]);
      __m512 p[2];
      __m512 g[2];
#pragma GCC unroll 2
      for (int64_t half = 0; half < 2; ++half) {
        const int64_t at = (r + i) * kTile + 16 * half;
        const __mmask16 keep = kept.at(row + r + i, column + 16 * half);
        __m512 whole =
            power_of_two(_mm512_fmadd_ps(_mm512_load_ps(scores + at), _mm512_set1_ps(factors.factor), shift));
        if (!kWhole) whole = _mm512_maskz_mov_ps(existing(column + 16 * half, head.length), whole);
        p[half] = _mm512_maskz_mul_ps(keep, whole, to_kept);
        g[half] = _mm512_mul_ps(_mm512_mul_ps(whole, to_gradient),
                                _mm512_sub_ps(_mm512_maskz_mul_ps(keep, _mm512_load_ps(grad_kept + at),
                                                                  _mm512_set1_ps(factors.kept_scale)),
                                              dot));
      }
      probability[i] = rounded(p[0], p[1]);
      gradient[i] = rounded(g[0], g[1]);
    }
    _mm512_storeu_si512(out.gradient_rows + (r + i) * kTile, gradient[i]);
  }
  const Interleaved p = interleave(probability[0], probability[1]);
  const Interleaved g = interleave(gradient[0], gradient[1]);
  _mm512_storeu_si512(out.probabilities + r * kTile, p.low);
  _mm512_storeu_si512(out.probabilities + (r + 1) * kTile, p.high);
  _mm512_storeu_si512(out.gradients + r * kTile, g.low);
  _mm512_storeu_si512(out.gradients + (r + 1) * kTile, g.high);
}

// A product's tile [columns of the head, rows of the sequence] transposed to rows.
void store_turned(const float* product, int64_t rows, Bf16* out) {
  alignas(64) Bf16 tile[kTileSize];
  for (int64_t r = 0; r < kTile; ++r) {
    _mm512_store_si512(tile + r * kTile, rounded(_mm512_load_ps(product + r * kTile),
                                                 _mm512_load_ps(product + r * kTile + 16)));
  }
  transpose_to(tile, out, kTile, rows);
}

}  // namespace

void attend_backward(const Bf16Head& head, const Bf16Path& path, const Bf16* context_data,
                     const Bf16* grad_context_data, const SoftmaxRow* softmax,
                     const Bf16HeadGradients& gradients, void* memory) {
  const int64_t count = tiles(head.length);
  const int64_t depth = count * kTile;
  const int64_t blocks = head.width / kTile;
  Scratch scratch(memory);
  Bf16* keys_transposed = scratch.take<Bf16>(depth * head.width);
  Bf16* values_transposed = scratch.take<Bf16>(depth * head.width);
  Bf16* keys = scratch.take<Bf16>(depth * head.width);
  Bf16* query_columns = scratch.take<Bf16>(depth * head.width);
  Bf16* grad_columns = scratch.take<Bf16>(depth * head.width);
  Bf16* probabilities = scratch.take<Bf16>(depth * depth);  // panels of 32 keys
  Bf16* grad_scores = scratch.take<Bf16>(depth * depth);    // the same
  Bf16* grad_rows = scratch.take<Bf16>(depth * kTile);
  float* scores = scratch.take<float>(kTileSize);
  float* grad_kept = scratch.take<float>(kTileSize);
  float* product = scratch.take<float>(kTileSize);
  const KeptBits kept(head);
  const Rows query(head.query, head);
  const Rows context(context_data, head);
  const Rows grad_context(grad_context_data, head);
  pack_transposed(Rows(head.key, head), head, keys_transposed);
  pack_transposed(Rows(head.value, head), head, values_transposed);
  pack(Rows(head.key, head), head, keys);
  transpose(query, head, query_columns);
  transpose(grad_context, head, grad_columns);
  float dots[kTile];
  const RowFactors factors = {softmax, dots, head.scale * kLog2E, head.scale,
                              kept.active() ? head.rate.scale : 1.0F};
  for_rows(head.length, [&](int64_t row, int64_t rows, int64_t) {
    row_dots(context, grad_context, head, row, rows, dots);
    for (int64_t j = 0; j < count; ++j) {
      path.multiply_tile(query.left(row), rows, keys_transposed + j * head.width * kTile, head.width, scores,
                         false, {});
      path.multiply_tile(grad_context.left(row), rows, values_transposed + j * head.width * kTile, head.width,
                         grad_kept, false, {});
      const int64_t panel = (j * depth + row) * kTile;
      const TileOutputs out = {probabilities + panel, grad_scores + panel, grad_rows + j * kTileSize};
      const bool whole = rows == kTile && (j + 1) * kTile <= head.length;
      const auto finish = whole ? finish_pair<true> : finish_pair<false>;
      for (int64_t r = 0; r < kTile; r += 2)
        finish(scores, grad_kept, head, kept, factors, row, r, rows, j * kTile, out);
    }
    for (int64_t block = 0; block < blocks; ++block) {
      path.multiply_tile({grad_rows, kTile, kTileSize}, rows, keys + block * depth * kTile, depth, product,
                         false, {});
      finish_rounded(product, rows, nullptr, gradients.query + block * head.step + row * kTile);
    }
  });
  // Keys and values, transposed: the queries are the depth.
  for_rows(head.length, [&](int64_t row, int64_t rows, int64_t j) {
    for (int64_t block = 0; block < blocks; ++block) {
      const Bf16* panel = grad_scores + j * depth * kTile;
      path.multiply_tile({query_columns + block * depth * kTile, kTile, kTileSize}, kTile, panel, depth,
                         product, false, {});
      store_turned(product, rows, gradients.key + block * head.step + row * kTile);
      path.multiply_tile({grad_columns + block * depth * kTile, kTile, kTileSize}, kTile,
                         probabilities + j * depth * kTile, depth, product, false, {});
      store_turned(product, rows, gradients.value + block * head.step + row * kTile);
    }
  });
}

}  // namespace quire::kernels
