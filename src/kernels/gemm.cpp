#include "quire/kernels/gemm.h"

#include <algorithm>
#include <string_view>

#include "kernels/bf16.h"
#include "quire/kernels/kernels.h"
#include "quire/kernels/tasks.h"

namespace quire::kernels {
namespace {

constexpr std::int64_t kRowBlock = 96;         // of a product, a multiple of kBf16TileRows
constexpr std::int64_t kRowsPerTask = 64;      // of what is rounded
constexpr std::int64_t kPanelsPerTask = 4;     // of a product
constexpr std::int64_t kColumnsPerSum = 1024;  // of what is added up

std::int64_t blocks(std::int64_t count, std::int64_t size) { return (count + size - 1) / size; }

std::int64_t panel_size(std::int64_t depth) { return padded_depth(depth) * kPanelWidth; }

// Sums over rows, one row of `width` partial sums for each block of rows.
class PartialSums {
 public:
  PartialSums(std::int64_t count, std::int64_t width, float* total)
      : count_(count), width_(width), total_(total) {
    if (total != nullptr) values_.assign(static_cast<std::size_t>(count * width), 0.0F);
  }
  [[nodiscard]] float* block(std::int64_t index) {
    return total_ == nullptr ? nullptr : values_.data() + index * width_;
  }
  void add_up() const {
    if (total_ == nullptr) return;
    for_tasks(blocks(width_, kColumnsPerSum), [&](std::int64_t task) {
      const std::int64_t first = task * kColumnsPerSum;
      const std::int64_t last = std::min(first + kColumnsPerSum, width_);
      std::fill(total_ + first, total_ + last, 0.0F);
      for (std::int64_t block = 0; block < count_; ++block) {
        const float* partial = values_.data() + block * width_;
        for (std::int64_t i = first; i < last; ++i) total_[i] += partial[i];
      }
    });
  }

 private:
  std::int64_t count_, width_;
  float* total_;
  std::vector<float> values_;
};

// How many rows a task takes so that they stay in the second-level cache beside a panel.
std::int64_t rows_per_task(std::int64_t depth) {
  constexpr std::int64_t kElements = std::int64_t{1} << 18;
  return depth * kRowBlock <= kElements ? kRowBlock : kBf16TileRows;
}

}  // namespace

std::int64_t padded_depth(std::int64_t depth) { return blocks(depth, kDepthStep) * kDepthStep; }

std::int64_t padded_rows(std::int64_t rows) { return blocks(rows, 32) * 32; }

std::int64_t row_stride(std::int64_t depth) {
  const std::int64_t padded = padded_depth(depth);
  return padded % 256 == 0 ? padded + 32 : padded;
}

std::int64_t panels_size(std::int64_t depth, std::int64_t columns) {
  return blocks(columns, kPanelWidth) * panel_size(depth);
}

void round_rows(const float* x, Bf16Rows out, float* column_sums) {
  const std::int64_t count = blocks(out.rows, kRowsPerTask);
  PartialSums sums(count, out.depth, column_sums);
  for_tasks(count, [&](std::int64_t task) {
    const std::int64_t last = std::min((task + 1) * kRowsPerTask, out.rows);
    for (std::int64_t row = task * kRowsPerTask; row < last; ++row) {
      bf16::round_row(x + row * out.depth, out.depth, padded_depth(out.depth), out.data + row * out.stride,
                      sums.block(task));
    }
  });
  sums.add_up();
}

void transpose(Bf16Rows x, Bf16Rows out) {
  for_tasks(blocks(x.rows, kDepthStep),
            [&](std::int64_t task) { bf16::transpose_stripe(x, task * kDepthStep, out); });
}

void pack(Bf16Rows x, Bf16Panels out) {
  for_tasks(blocks(out.columns, kPanelWidth), [&](std::int64_t task) {
    bf16::pack_panel(x, task * kPanelWidth, out.data + task * panel_size(out.depth));
  });
}

void pack_transposed(Bf16Rows x, Bf16Panels out) {
  for_tasks(blocks(out.columns, kPanelWidth), [&](std::int64_t task) {
    bf16::pack_panel_transposed(x, task * kPanelWidth, out.data + task * panel_size(out.depth));
  });
}

void multiply(Bf16Rows left, Bf16Panels right, const Epilogue& epilogue) {
  multiply(left, right, epilogue, bf16_path());
}

void multiply(Bf16Rows left, Bf16Panels right, const Epilogue& epilogue, const Bf16Path& path) {
  const std::int64_t depth = padded_depth(left.depth);
  const std::int64_t block = rows_per_task(depth);
  const std::int64_t panels = blocks(right.columns, kPanelWidth);
  const std::int64_t row_blocks = blocks(left.rows, block);
  const std::int64_t column_blocks = blocks(panels, kPanelsPerTask);
  PartialSums sums(row_blocks, right.columns, epilogue.column_sums);
  // Neighbouring tasks share the rows.
  for_tasks(row_blocks * column_blocks, [&](std::int64_t task) {
    alignas(64) float product[kBf16TileRows * kPanelWidth];
    const TileSession session(path);
    const std::int64_t row_block = task / column_blocks;
    const std::int64_t last_row = std::min((row_block + 1) * block, left.rows);
    const std::int64_t first_panel = task % column_blocks * kPanelsPerTask;
    const std::int64_t last_panel = std::min(first_panel + kPanelsPerTask, panels);
    for (std::int64_t panel = first_panel; panel < last_panel; ++panel) {
      const std::int64_t column = panel * kPanelWidth;
      const std::int64_t columns = std::min(kPanelWidth, right.columns - column);
      const Bf16* panel_data = right.data + panel * panel_size(right.depth);
      for (std::int64_t row = row_block * block; row < last_row; row += kBf16TileRows) {
        const std::int64_t rows = std::min(kBf16TileRows, last_row - row);
        path.multiply_tile({left.data + row * left.stride, left.stride}, rows, panel_data, depth, product,
                           false, {});
        bf16::finish_tile(product, rows, columns, epilogue, row, column, right.columns,
                          sums.block(row_block));
      }
    }
  });
  sums.add_up();
}

const Fp32Tiles* fp32_tiles() {
  return std::string_view(table().name) == "avx512" ? &avx512_fp32_tiles : nullptr;
}

}  // namespace quire::kernels
