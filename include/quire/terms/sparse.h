// Rows of mostly zeros: bags of words and other counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "quire/base/matrix.h"

namespace quire {

// Compressed sparse rows [rows, cols]: row i holds columns[begins[i] .. begins[i + 1]) with the values
// beside them. Columns ascend within a row and occur once.
struct SparseMatrix {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<std::int64_t> begins = {0};  // [rows + 1]
  std::vector<std::int32_t> columns;       // [non-zeros]
  std::vector<float> values;               // [non-zeros]

  [[nodiscard]] std::int64_t nonzeros() const { return begins.back(); }
  [[nodiscard]] std::span<const std::int32_t> row_columns(std::int64_t row) const {
    return {columns.data() + begin(row), size(row)};
  }
  [[nodiscard]] std::span<const float> row_values(std::int64_t row) const {
    return {values.data() + begin(row), size(row)};
  }

 private:
  [[nodiscard]] std::int64_t begin(std::int64_t row) const { return begins[static_cast<std::size_t>(row)]; }
  [[nodiscard]] std::size_t size(std::int64_t row) const {
    return static_cast<std::size_t>(begin(row + 1) - begin(row));
  }
};

// [cols, rows]: columns become rows. The entries of a row stand in the order of the rows they came from.
[[nodiscard]] SparseMatrix transpose(const SparseMatrix& matrix);

// The same values, zeros among them.
[[nodiscard]] SparseMatrix to_sparse(const Matrix& matrix);

// Matrices side by side: all have the same rows.
[[nodiscard]] SparseMatrix join_columns(std::span<const SparseMatrix> parts);

}  // namespace quire
