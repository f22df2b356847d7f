// Products of 8-bit integers with 32-bit sums, on AVX512_VNNI, AMX, or in plain loops.
//
// The left operand holds unsigned numbers, the right one signed ones, as the instructions want them.
// Sums are exact, so every path gives the same numbers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quire::kernels {

// Bytes of a left operand's row, and rows of a panel, come in multiples of it.
constexpr std::int64_t kInt8DepthStep = 64;

// One way to compute the products.
struct Int8Path {
  const char* name;  // "plain", "avx512_vnni", "amx"
  std::int64_t tile_rows;
  // A thread calls these around its products: TileSession of gemm.h.
  void (*enter)();
  void (*leave)();
  // The product of `rows` <= tile_rows rows with one panel, [depth / 4][kPanelWidth][4] aligned to 64
  // bytes, to int32 [tile_rows, kPanelWidth]. Memory for padded_rows(rows) rows of the left operand
  // must exist (AMX loads whole tiles). `depth` is a multiple of kInt8DepthStep.
  void (*multiply_tile)(const std::uint8_t* left, std::int64_t stride, std::int64_t rows,
                        const std::int8_t* panel, std::int64_t depth, std::int32_t* out);
};

// The path chosen by CPU and QUIRE_ISA, and one sentence on why.
[[nodiscard]] const Int8Path& int8_path();
[[nodiscard]] std::string int8_choice();

// All paths this CPU runs, the plainest first.
[[nodiscard]] std::vector<const Int8Path*> available_int8_paths();

}  // namespace quire::kernels
