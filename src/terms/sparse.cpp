#include "quire/terms/sparse.h"

#include "quire/base/error.h"

namespace quire {

SparseMatrix transpose(const SparseMatrix& matrix) {
  SparseMatrix result;
  result.rows = matrix.cols;
  result.cols = matrix.rows;
  result.begins.assign(static_cast<std::size_t>(matrix.cols) + 1, 0);
  for (const std::int32_t column : matrix.columns) ++result.begins[static_cast<std::size_t>(column) + 1];
  for (std::size_t i = 1; i < result.begins.size(); ++i) result.begins[i] += result.begins[i - 1];
  result.columns.resize(matrix.columns.size());
  result.values.resize(matrix.values.size());
  std::vector<std::int64_t> next(result.begins.begin(), result.begins.end() - 1);
  for (std::int64_t row = 0; row < matrix.rows; ++row) {
    const auto columns = matrix.row_columns(row);
    const auto values = matrix.row_values(row);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto place = static_cast<std::size_t>(next[static_cast<std::size_t>(columns[i])]++);
      result.columns[place] = static_cast<std::int32_t>(row);
      result.values[place] = values[i];
    }
  }
  return result;
}

SparseMatrix to_sparse(const Matrix& matrix) {
  SparseMatrix result;
  result.rows = matrix.rows;
  result.cols = matrix.cols;
  result.values = matrix.values;
  result.columns.reserve(matrix.values.size());
  result.begins.reserve(static_cast<std::size_t>(matrix.rows) + 1);
  for (std::int64_t row = 1; row <= matrix.rows; ++row) {
    for (std::int64_t column = 0; column < matrix.cols; ++column) {
      result.columns.push_back(static_cast<std::int32_t>(column));
    }
    result.begins.push_back(row * matrix.cols);
  }
  return result;
}

SparseMatrix join_columns(std::span<const SparseMatrix> parts) {
  SparseMatrix joined;
  joined.rows = parts.empty() ? 0 : parts.front().rows;
  std::int64_t nonzeros = 0;
  for (const SparseMatrix& part : parts) {
    if (part.rows != joined.rows) throw Error("matrices with different numbers of rows cannot be joined");
    nonzeros += part.nonzeros();
    joined.cols += part.cols;
  }
  joined.columns.reserve(static_cast<std::size_t>(nonzeros));
  joined.values.reserve(static_cast<std::size_t>(nonzeros));
  for (std::int64_t row = 0; row < joined.rows; ++row) {
    std::int64_t first = 0;
    for (const SparseMatrix& part : parts) {
      for (const std::int32_t column : part.row_columns(row)) {
        joined.columns.push_back(static_cast<std::int32_t>(first + column));
      }
      const auto values = part.row_values(row);
      joined.values.insert(joined.values.end(), values.begin(), values.end());
      first += part.cols;
    }
    joined.begins.push_back(static_cast<std::int64_t>(joined.columns.size()));
  }
  return joined;
}

}  // namespace quire
