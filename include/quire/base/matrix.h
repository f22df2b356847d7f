// The currency between learners: a dense float matrix, kept in NumPy's .npy files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace quire {

// Row-major [rows, cols]. Probability matrices have one row per document, one column per class.
struct Matrix {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<float> values;

  Matrix() = default;
  Matrix(std::int64_t row_count, std::int64_t col_count, float value = 0.0F)
      : rows(row_count), cols(col_count), values(static_cast<std::size_t>(row_count * col_count), value) {}

  [[nodiscard]] std::span<float> row(std::int64_t index) {
    return {values.data() + index * cols, static_cast<std::size_t>(cols)};
  }
  [[nodiscard]] std::span<const float> row(std::int64_t index) const {
    return {values.data() + index * cols, static_cast<std::size_t>(cols)};
  }
};

// float32, C order, two-dimensional, format version 1.0. Written atomically.
void write_npy(const std::filesystem::path& path, const Matrix& matrix);

// Throws InputError on anything that is not a two-dimensional little-endian float32 array in
// C order, or whose size does not match its header.
[[nodiscard]] Matrix read_npy(const std::filesystem::path& path);

}  // namespace quire
