// What fixed_weight.cpp calls in files compiled per instruction set. No library header: see
// CMakeLists.txt.
#pragma once

#include <stdint.h>

#include "quire/kernels/int8.h"

namespace quire::kernels {

// How the integers of a row stand for numbers: x = scale * (integer - zero).
struct RowCode {
  float scale;
  int32_t zero;
};

// A tile of a layer's result: `rows` by `columns` <= kPanelWidth, `stride` apart.
struct ResultTile {
  float* data;
  int64_t stride, rows, columns;
};

struct PredictionLoops {
  // Codes `count` numbers as 0 .. 255 between the least, or 0, and the largest, or 0; writes zeros up to
  // `padded`.
  RowCode (*quantise_row)(const float* x, int64_t count, int64_t padded, uint8_t* out);
  // The same for a weight: -127 .. 127 with zero at 0. Writes integer k to out[k / 4 * step + k % 4] and
  // returns their sum in `sum`.
  float (*quantise_weights)(const float* x, int64_t count, int8_t* out, int64_t step, int32_t* sum);

  // result = gelu(product + bias), or without the GELU; products are [rows, kPanelWidth].
  void (*finish)(const float* product, const float* bias, bool gelu, ResultTile result);
  // The same for integers: first product -> (product - zero * sums) * scale * scales.
  void (*finish_int8)(const int32_t* product, const RowCode* codes, const float* scales, const int32_t* sums,
                      const float* bias, bool gelu, ResultTile result);

  Int8Path plain_int8;
};

// Those of the table that kernels.h chose.
const PredictionLoops& prediction_loops();

// AVX-512 with VNNI, whatever QUIRE_ISA says.
bool has_vnni();
extern const Int8Path avx512_vnni_path;
extern const Int8Path amx_int8_path;

}  // namespace quire::kernels
