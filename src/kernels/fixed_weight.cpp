#include "quire/kernels/fixed_weight.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/bf16.h"
#include "kernels/prediction_loops.h"
#include "quire/base/large_memory.h"
#include "quire/kernels/gemm.h"
#include "quire/kernels/tasks.h"

namespace quire::kernels {
namespace {

constexpr std::int64_t kLargestTile = 32;  // rows, AMX's

std::int64_t rounded_up(std::int64_t count, std::int64_t step) { return (count + step - 1) / step * step; }

// Bytes from one row of a left operand to the next: rows a multiple of 1 KiB apart would share few
// sets of the first-level cache.
std::int64_t spread(std::int64_t bytes) { return bytes % 1024 == 0 ? bytes + 64 : bytes; }

// A thread's left operand, kept from one product to the next.
template <typename T>
T* operand_memory(std::int64_t rows, std::int64_t stride) {
  thread_local AlignedMemory memory;
  const std::int64_t bytes = (rows + kLargestTile) * stride * static_cast<std::int64_t>(sizeof(T));
  if (memory.bytes() < bytes) memory = AlignedMemory(bytes);
  return memory.as<T>();
}

// Rows cut into tiles of up to `most`. Those of registers are equal: 13 rows as 7 and 6 take less time than
// as 12 and 1. AMX's are whole but for the last: it multiplies 16 rows at once.
template <typename Body>
void for_row_tiles(std::int64_t rows, std::int64_t most, Body body) {
  const std::int64_t tiles = (rows + most - 1) / most;
  const std::int64_t step = most == kLargestTile ? most : (rows + tiles - 1) / tiles;
  for (std::int64_t row = 0; row < rows; row += step) body(row, std::min(step, rows - row));
}

// Calls body(panel, row, tile of the result) for all tiles of a product, panel by panel.
template <typename Body>
void for_tiles(std::int64_t rows, std::int64_t columns, std::int64_t tile_rows, float* result, Body body) {
  for (std::int64_t column = 0; column < columns; column += kPanelWidth) {
    for_row_tiles(rows, tile_rows, [&](std::int64_t row, std::int64_t count) {
      body(column / kPanelWidth, row,
           ResultTile{result + row * columns + column, columns, count,
                      std::min(kPanelWidth, columns - column)});
    });
  }
}

const float* bias_of(const float* bias, std::int64_t panel) {
  return bias == nullptr ? nullptr : bias + panel * kPanelWidth;
}

struct Product {
  const float* x;
  std::int64_t rows, in, out;
  const float* bias;
  bool gelu;
  float* result;
};

void multiply_fp32(const Product& p, const float* panels) {
  const Fp32Tiles& tiles = *fp32_tiles();
  const float* left = p.x;
  std::int64_t stride = p.in;
  if (const std::int64_t apart = spread(p.in * 4) / 4; apart != p.in) {
    auto* copy = operand_memory<float>(p.rows, apart);
    for (std::int64_t row = 0; row < p.rows; ++row) std::copy_n(p.x + row * p.in, p.in, copy + row * apart);
    left = copy;
    stride = apart;
  }
  alignas(64) float product[kLargestTile * kPanelWidth];
  for_tiles(p.rows, p.out, tiles.tile_rows, p.result,
            [&](std::int64_t panel, std::int64_t row, const ResultTile& tile) {
              tiles.multiply(left + row * stride, stride, tile.rows, panels + panel * p.in * kPanelWidth,
                             p.in, product, kPanelWidth);
              prediction_loops().finish(product, bias_of(p.bias, panel), p.gelu, tile);
            });
}

void multiply_bf16(const Product& p, Bf16* panels) {
  const Bf16Path& path = bf16_path();
  const std::int64_t depth = padded_depth(p.in);
  const std::int64_t stride = row_stride(p.in);
  auto* left = operand_memory<Bf16>(p.rows, stride);
  for (std::int64_t row = 0; row < p.rows; ++row)
    bf16::round_row(p.x + row * p.in, p.in, depth, left + row * stride, nullptr);
  alignas(64) float product[kBf16TileRows * kPanelWidth];
  const TileSession session(path);
  for_tiles(p.rows, p.out, kBf16TileRows, p.result,
            [&](std::int64_t panel, std::int64_t row, const ResultTile& tile) {
              const Bf16* data = panels + panel * depth * kPanelWidth;
              path.multiply_tile({left + row * stride, stride}, tile.rows, data, depth, product, false,
                                 FetchAhead::slice(data + depth * kPanelWidth, depth, row / kBf16TileRows,
                                                   rounded_up(p.rows, kBf16TileRows) / kBf16TileRows));
              prediction_loops().finish(product, bias_of(p.bias, panel), p.gelu, tile);
            });
}

void multiply_int8(const Product& p, const std::int8_t* panels, const float* scales,
                   const std::int32_t* sums) {
  const Int8Path& path = int8_path();
  const std::int64_t depth = rounded_up(p.in, kInt8DepthStep);
  const std::int64_t stride = spread(depth);
  auto* left = operand_memory<std::uint8_t>(p.rows, stride);
  thread_local std::vector<RowCode> codes;
  codes.resize(static_cast<std::size_t>(p.rows));
  for (std::int64_t row = 0; row < p.rows; ++row)
    codes[static_cast<std::size_t>(row)] =
        prediction_loops().quantise_row(p.x + row * p.in, p.in, depth, left + row * stride);
  alignas(64) std::int32_t product[kLargestTile * kPanelWidth];
  const TileSession session(path);
  for_tiles(p.rows, p.out, path.tile_rows, p.result,
            [&](std::int64_t panel, std::int64_t row, const ResultTile& tile) {
              path.multiply_tile(left + row * stride, stride, tile.rows, panels + panel * depth * kPanelWidth,
                                 depth, product);
              prediction_loops().finish_int8(product, codes.data() + row, scales + panel * kPanelWidth,
                                             sums + panel * kPanelWidth, bias_of(p.bias, panel), p.gelu,
                                             tile);
            });
}

}  // namespace

bool has_weight_format(WeightFormat format) {
  switch (format) {
    case WeightFormat::fp32:
      return fp32_tiles() != nullptr;
    case WeightFormat::bf16:
      return bf16_available();
    case WeightFormat::int8:
      return true;
  }
  return false;
}

AlignedMemory::AlignedMemory(std::int64_t bytes)
    : data_(static_cast<std::byte*>(LargeMemory::of_process().allocate(static_cast<std::size_t>(bytes)))),
      bytes_(bytes) {
  std::fill_n(data_.get(), bytes, std::byte{0});
}

void AlignedMemory::Free::operator()(std::byte* data) const { LargeMemory::of_process().free(data); }

FixedWeight::FixedWeight(const float* weight, std::int64_t out, std::int64_t in, WeightFormat format)
    : out_(out), in_(in), format_(format) {
  if (format == WeightFormat::fp32) pack_fp32(weight);
  if (format == WeightFormat::bf16) pack_bf16(weight);
  if (format == WeightFormat::int8) pack_int8(weight);
}

std::int64_t FixedWeight::panels() const { return rounded_up(out_, kPanelWidth) / kPanelWidth; }

void FixedWeight::pack_fp32(const float* weight) {
  // The last square that is packed may write past the depth.
  data_ = AlignedMemory((panels() * in_ + 16) * kPanelWidth * 4);
  const Fp32Rows rows{weight, out_, in_, in_};
  for_tasks(panels(), [&](std::int64_t panel) {
    fp32_tiles()->pack_transposed(rows, panel * kPanelWidth, data_.as<float>() + panel * in_ * kPanelWidth);
  });
}

void FixedWeight::pack_bf16(const float* weight) {
  const AlignedMemory rounded(padded_rows(out_) * row_stride(in_) * 2);
  const Bf16Rows rows{rounded.as<Bf16>(), out_, in_, row_stride(in_)};
  round_rows(weight, rows);
  data_ = AlignedMemory(panels_size(in_, out_) * 2);
  pack_transposed(rows, {data_.as<Bf16>(), in_, out_});
}

void FixedWeight::pack_int8(const float* weight) {
  const std::int64_t depth = rounded_up(in_, kInt8DepthStep);
  data_ = AlignedMemory(panels() * kPanelWidth * depth);
  scales_ = AlignedMemory(panels() * kPanelWidth * 4);
  sums_ = AlignedMemory(panels() * kPanelWidth * 4);
  for_tasks(panels(), [&](std::int64_t panel) {
    auto* packed = data_.as<std::int8_t>() + panel * kPanelWidth * depth;
    for (std::int64_t column = panel * kPanelWidth; column < std::min((panel + 1) * kPanelWidth, out_);
         ++column) {
      scales_.as<float>()[column] =
          prediction_loops().quantise_weights(weight + column * in_, in_, packed + column % kPanelWidth * 4,
                                              4 * kPanelWidth, sums_.as<std::int32_t>() + column);
    }
  });
}

void FixedWeight::multiply(const float* x, std::int64_t rows, const float* bias, Finish finish,
                           float* result) const {
  const Product product{x, rows, in_, out_, bias, finish == Finish::gelu, result};
  switch (format_) {
    case WeightFormat::fp32:
      return multiply_fp32(product, data_.as<float>());
    case WeightFormat::bf16:
      return multiply_bf16(product, data_.as<Bf16>());
    case WeightFormat::int8:
      return multiply_int8(product, data_.as<std::int8_t>(), scales_.as<float>(), sums_.as<std::int32_t>());
  }
}

}  // namespace quire::kernels
