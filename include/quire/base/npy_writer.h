// A matrix in NumPy's .npy format, written as its rows come.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "quire/base/files.h"
#include "quire/base/matrix.h"

namespace quire {

// The file that write_npy writes. Nothing appears under `path` before commit().
class NpyWriter {
 public:
  NpyWriter(const std::filesystem::path& path, std::int64_t cols);
  void write(const Matrix& rows);
  void commit();

 private:
  AtomicFile file_;
  std::int64_t cols_;
  std::int64_t rows_ = 0;
  std::vector<float> held_;  // what goes into a device or a pipe, where the first line must be right at once
};

}  // namespace quire
