// Loops of prediction, compiled once per instruction set like loops.cpp.
#include "kernels/prediction_loops.h"

#include "kernels/math.h"
#include "quire/kernels/gemm.h"

#define QUIRE_JOIN(a, b) a##b
#define QUIRE_PREDICTION_NAME(isa) QUIRE_JOIN(prediction_, isa)

namespace quire::kernels {
namespace {

constexpr int kLanes = 64;  // four registers of 16: each comparison waits for the one before it
constexpr int kTileRows = 8;
constexpr int kLargestTile = 32;  // rows, AMX's

struct Range {
  float least, most;  // of the numbers and 0
};

Range range_of(const float* x, int64_t count) {
  float least[kLanes] = {};
  float most[kLanes] = {};
  const auto look = [&](int64_t i, int lane) {
    least[lane] = x[i] < least[lane] ? x[i] : least[lane];
    most[lane] = x[i] > most[lane] ? x[i] : most[lane];
  };
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) look(i + lane, lane);
  }
  for (int lane = 0; i < count; ++i, ++lane) look(i, lane);
  Range range = {least[0], most[0]};
  for (int lane = 1; lane < kLanes; ++lane) {
    range.least = least[lane] < range.least ? least[lane] : range.least;
    range.most = most[lane] > range.most ? most[lane] : range.most;
  }
  return range;
}

RowCode quantise_row(const float* x, int64_t count, int64_t padded, uint8_t* out) {
  const Range range = range_of(x, count);
  const float scale = (range.most - range.least) / 255.0F;
  const float inverse = scale > 0.0F ? 1.0F / scale : 0.0F;
  const auto zero = static_cast<int32_t>(0.5F - range.least * inverse);
  const float shift = static_cast<float>(zero) + 0.5F;
  for (int64_t i = 0; i < count; ++i) {
    // Not below 0, so that cutting off rounds to nearest.
    const auto nearest = static_cast<int32_t>(x[i] * inverse + shift);
    out[i] = static_cast<uint8_t>(nearest < 0 ? 0 : nearest > 255 ? 255 : nearest);
  }
  for (int64_t i = count; i < padded; ++i) out[i] = 0;
  return {scale, zero};
}

float quantise_weights(const float* x, int64_t count, int8_t* out, int64_t step, int32_t* sum) {
  const Range range = range_of(x, count);
  const float largest = range.most > -range.least ? range.most : -range.least;
  const float scale = largest / 127.0F;
  const float inverse = scale > 0.0F ? 1.0F / scale : 0.0F;
  *sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    const auto integer = static_cast<int32_t>(x[i] * inverse + (x[i] < 0.0F ? -0.5F : 0.5F));
    const int32_t within = integer < -127 ? -127 : integer > 127 ? 127 : integer;
    out[i / 4 * step + i % 4] = static_cast<int8_t>(within);
    *sum += within;
  }
  return scale;
}

// Calls body(column) for the columns of a tile; nearly all tiles are full.
template <typename Body>
inline void for_columns(int64_t columns, Body body) {
  if (columns == kPanelWidth) {
    for (int64_t c = 0; c < kPanelWidth; ++c) body(c);
  } else {
    for (int64_t c = 0; c < columns; ++c) body(c);
  }
}

// GELU to 1e-4, of what is then rounded to one of 255 steps: x / 2 + x^2 Q(x^2) with x^2 cut off at 4.2^2,
// where Phi is 1 or 0 to 2e-5. Q is fitted to the smallest largest error of the product with x, and to
// be exact at the cut.
inline float coarse_gelu(float x) {
  constexpr float kCut = 4.2F;
  const float z = x < -kCut ? -kCut : x > kCut ? kCut : x;
  const float u = z * z;
  float q = -9.017506741315628e-10F;
  q = q * u + 7.941321200632956e-08F;
  q = q * u - 3.037926489923848e-06F;
  q = q * u + 6.689062138320878e-05F;
  q = q * u - 0.0009506568894721568F;
  q = q * u + 0.009298226796090603F;
  q = q * u - 0.06552819907665253F;
  q = q * u + 0.3984658718109131F;
  return x * (0.5F + z * q);
}

// result = f(product + bias)
template <typename Function>
void finish_with(const float* product, const float* bias, ResultTile result, Function f) {
  float biases[kPanelWidth] = {};
  if (bias != nullptr) for_columns(result.columns, [&](int64_t c) { biases[c] = bias[c]; });
  for (int64_t r = 0; r < result.rows; ++r, product += kPanelWidth) {
    float* out = result.data + r * result.stride;
    for_columns(result.columns, [&](int64_t c) { out[c] = f(product[c] + biases[c]); });
  }
}

void finish(const float* product, const float* bias, bool with_gelu, ResultTile result) {
  if (with_gelu) {
    finish_with(product, bias, result, [](float x) { return gelu(x); });
  } else {
    finish_with(product, bias, result, [](float x) { return x; });
  }
}

void finish_int8(const int32_t* product, const RowCode* codes, const float* scales, const int32_t* sums,
                 const float* bias, bool with_gelu, ResultTile result) {
  float numbers[kLargestTile * kPanelWidth];
  for (int64_t r = 0; r < result.rows; ++r) {
    const float scale = codes[r].scale;
    const int32_t zero = codes[r].zero;
    for (int64_t c = 0; c < kPanelWidth; ++c) {
      numbers[r * kPanelWidth + c] =
          static_cast<float>(product[r * kPanelWidth + c] - zero * sums[c]) * (scale * scales[c]);
    }
  }
  if (with_gelu) {
    finish_with(numbers, bias, result, [](float x) { return coarse_gelu(x); });
  } else {
    finish_with(numbers, bias, result, [](float x) { return x; });
  }
}

void multiply_tile(const uint8_t* left, int64_t stride, int64_t rows, const int8_t* panel, int64_t depth,
                   int32_t* out) {
  for (int64_t i = 0; i < rows * kPanelWidth; ++i) out[i] = 0;
  for (int64_t k = 0; k < depth; k += 4, panel += 4 * kPanelWidth) {
    for (int64_t r = 0; r < rows; ++r) {
      const uint8_t* quad = left + r * stride + k;
      for (int64_t c = 0; c < kPanelWidth; ++c) {
        const int8_t* weights = panel + 4 * c;
        out[r * kPanelWidth + c] +=
            quad[0] * weights[0] + quad[1] * weights[1] + quad[2] * weights[2] + quad[3] * weights[3];
      }
    }
  }
}

void nothing() {}

}  // namespace

extern const PredictionLoops QUIRE_PREDICTION_NAME(QUIRE_KERNEL_ISA);
const PredictionLoops QUIRE_PREDICTION_NAME(QUIRE_KERNEL_ISA) = {
    quantise_row,
    quantise_weights,
    finish,
    finish_int8,
    {"plain", kTileRows, nothing, nothing, multiply_tile}};

}  // namespace quire::kernels
