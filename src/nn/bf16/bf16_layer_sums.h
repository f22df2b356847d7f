// The gradients of a layer's biases and norms: sums over all rows, whose order does not depend on threads.
#pragma once

#include "nn/bf16/bf16_layer_rows.h"

namespace quire::nn {

// Some columns of RowSums.
struct Columns {
  std::int64_t first, width;
};

// Sums over rows of all that a layer sums, side by side: a row of partial sums for each piece of rows.
class RowSums {
 public:
  RowSums(std::int64_t rows, std::int64_t width)
      : width_(width),
        partial_(at::empty({piece_count(rows), width}, at::kFloat)),
        data_(partial_.mutable_data_ptr<float>()) {}

  // A block's pieces begin at zero: its thread calls this first.
  void clear(std::int64_t first_row, std::int64_t rows, const Columns& columns) const {
    for (std::int64_t row = first_row; row < first_row + rows; row += kPieceRows)
      std::fill_n(of_row(row, columns), columns.width, 0.0F);
  }
  [[nodiscard]] float* of_row(std::int64_t row, const Columns& columns) const {
    return data_ + row / kPieceRows * width_ + columns.first;
  }
  [[nodiscard]] at::Tensor total() const {
    at::Tensor result = at::empty({width_}, at::kFloat);
    auto* sums = result.mutable_data_ptr<float>();
    constexpr std::int64_t kTaskWidth = 512;
    kernels::for_tasks((width_ + kTaskWidth - 1) / kTaskWidth, [&](std::int64_t task) {
      const std::int64_t first = task * kTaskWidth;
      const std::int64_t count = std::min(kTaskWidth, width_ - first);
      std::copy_n(data_ + first, count, sums + first);
      for (std::int64_t piece = 1; piece < partial_.size(0); ++piece) {
        const float* row = data_ + piece * width_ + first;
        for (std::int64_t i = 0; i < count; ++i) sums[first + i] += row[i];
      }
    });
    return result;
  }

 private:
  std::int64_t width_;
  at::Tensor partial_;
  float* data_;
};

// Where RowSums has the gradients of a layer's biases and norms.
struct SumLayout {
  Columns output_gamma, output_beta, output_bias, intermediate_bias, attention_gamma, attention_beta,
      attention_bias, query_key_value_bias;

  SumLayout(std::int64_t hidden, std::int64_t inner)
      : output_gamma{0, hidden},
        output_beta{hidden, hidden},
        output_bias{2 * hidden, hidden},
        intermediate_bias{3 * hidden, inner},
        attention_gamma{3 * hidden + inner, hidden},
        attention_beta{4 * hidden + inner, hidden},
        attention_bias{5 * hidden + inner, hidden},
        query_key_value_bias{6 * hidden + inner, 3 * hidden} {}
  // All but the last, which the pass over rows sums.
  [[nodiscard]] Columns of_rows() const { return {0, query_key_value_bias.first}; }
  [[nodiscard]] std::int64_t width() const { return query_key_value_bias.first + query_key_value_bias.width; }
};

}  // namespace quire::nn
