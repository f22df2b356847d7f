// What both directions of bf16_layer share: memory, blocks of rows, products of a block.
#pragma once

#include <algorithm>
#include <vector>

#include "quire/kernels/bf16_attention.h"
#include "quire/kernels/bf16_blocks.h"
#include "quire/kernels/fixed_weight.h"
#include "quire/kernels/tasks.h"
#include "quire/nn/aten.h"

namespace quire::nn {

using kernels::Bf16;
using kernels::Bf16Blocks;
using kernels::Bf16Left;
using kernels::Bf16Panels;
using kernels::Bf16Path;
using kernels::FetchAhead;
using kernels::kPanelWidth;

inline std::int64_t to_tiles(std::int64_t count) {
  return (count + kPanelWidth - 1) / kPanelWidth * kPanelWidth;
}

// Memory for `rows` rows and those that a tile may read past them.
inline at::Tensor blocks_memory(std::int64_t rows, std::int64_t columns) {
  return at::empty({(to_tiles(rows) + kPanelWidth) * columns}, at::kBFloat16);
}
inline Bf16Blocks blocks_view(const at::Tensor& memory, std::int64_t columns) {
  return {static_cast<Bf16*>(memory.mutable_data_ptr()), memory.numel() / columns, columns};
}

// A thread's memory in pieces, kept from one task to the next.
class ThreadMemory {
 public:
  explicit ThreadMemory(std::int64_t bytes) {
    if (memory().bytes() < bytes) memory() = kernels::AlignedMemory(bytes + bytes / 4);
  }
  template <typename T>
  [[nodiscard]] T* take(std::int64_t count) {
    auto* piece = reinterpret_cast<T*>(memory().as<std::byte>() + used_);
    used_ += (count * static_cast<std::int64_t>(sizeof(T)) + 63) / 64 * 64;
    return piece;
  }

 private:
  static kernels::AlignedMemory& memory() {
    thread_local kernels::AlignedMemory one;
    return one;
  }
  std::int64_t used_ = 0;
};

// Sums over rows are made of pieces of this size, whatever the blocks that threads take.
constexpr std::int64_t kPieceRows = 32;
// Of a block.
constexpr std::int64_t kMostRows = 256;

inline std::int64_t piece_count(std::int64_t rows) { return (rows + kPieceRows - 1) / kPieceRows; }

// Calls body(first row, rows) on all threads for blocks of whole pieces: as many rows as fit beside a panel
// of weights in a core's second-level cache, since every block reads all weights, and as many blocks for one
// thread as for another. `row_bytes`: what a row needs there.
template <typename Body>
void for_row_blocks(const Bf16Path& path, std::int64_t rows, std::int64_t row_bytes, const Body& body) {
  constexpr std::int64_t kCache = std::int64_t{3} << 19;
  const auto ceil_div = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  const std::int64_t most = std::clamp<std::int64_t>(kCache / row_bytes, kPieceRows, kMostRows) / kPieceRows;
  const std::int64_t threads = at::get_num_threads();
  const std::int64_t pieces = piece_count(rows);
  const std::int64_t blocks = std::min(pieces, ceil_div(ceil_div(pieces, most), threads) * threads);
  kernels::for_tasks(blocks, [&](std::int64_t block) {
    const kernels::TileSession session(path);
    const std::int64_t first = block * pieces / blocks * kPieceRows;
    const std::int64_t last = (block + 1) * pieces / blocks * kPieceRows;
    body(first, std::min(last, rows) - first);
  });
}

// The depth of a product is taken in equal parts of up to this: the panel's part then stays in the
// first-level cache, beside the rows that pass, while all of them read it. One order for all sums, whatever
// the rows.
constexpr std::int64_t kPartDepth = 256;

inline std::int64_t part_depth(std::int64_t depth) {
  const std::int64_t parts = (depth + kPartDepth - 1) / kPartDepth;
  return to_tiles((depth + parts - 1) / parts);
}

// Calls finish(product, row, rows, panel) for the tiles of `rows` rows of left times right.
template <typename Finish>
void multiply_rows(const Bf16Path& path, const Bf16Left& left, std::int64_t rows, const Bf16Panels& right,
                   const Finish& finish) {
  alignas(64) float products[kMostRows * kPanelWidth];
  const std::int64_t panels = right.columns / kPanelWidth;
  const std::int64_t panel_size = right.depth * kPanelWidth;
  const std::int64_t part = part_depth(right.depth);
  const std::int64_t tiles = to_tiles(rows) / kPanelWidth;
  for (std::int64_t panel = 0; panel < panels; ++panel) {
    const Bf16* data = right.data + panel * panel_size;
    for (std::int64_t k = 0; k < right.depth; k += part) {
      const std::int64_t depth = std::min(part, right.depth - k);
      const Bf16* rows_data = left.data + k / kernels::kDepthStep * left.step;
      for (std::int64_t row = 0; row < rows; row += kPanelWidth) {
        const std::int64_t count = std::min(kPanelWidth, rows - row);
        float* product = products + row * kPanelWidth;
        path.multiply_tile(
            {rows_data + row * left.stride, left.stride, left.step}, count, data + k * kPanelWidth, depth,
            product, k > 0,
            FetchAhead::slice(data + (k + depth) * kPanelWidth, depth, row / kPanelWidth, tiles));
        if (k + depth == right.depth) finish(product, row, count, panel);
      }
    }
  }
}

// Calls body(row, rows, block of columns) for the tiles of a matrix.
template <typename Body>
void for_tiles(std::int64_t rows, std::int64_t columns, const Body& body) {
  for (std::int64_t block = 0; block < columns / kPanelWidth; ++block) {
    for (std::int64_t row = 0; row < rows; row += kPanelWidth)
      body(row, std::min(kPanelWidth, rows - row), block);
  }
}

}  // namespace quire::nn
