#include "linear/design.h"

#include <algorithm>

#include "linear/loops.h"

namespace quire::linear {

void DenseDesign::add_scores(std::int64_t begin, std::int64_t end, const double* weights, std::int64_t width,
                             double* scores) const {
  // A block of features' weights stays in the cache while the rows pass by.
  constexpr std::int64_t kFeatures = 64;
  const Loops& loop = loops();
  for (std::int64_t first = 0; first < matrix_.cols; first += kFeatures) {
    const std::int64_t count = std::min(kFeatures, matrix_.cols - first);
    for (std::int64_t row = begin; row < end; ++row) {
      loop.add_dense(matrix_.row(row).data() + first, count, weights + first * width, width,
                     scores + (row - begin) * width);
    }
  }
}

void DenseDesign::add_gradient(std::int64_t begin, std::int64_t end, const double* residuals,
                               std::int64_t width, double* sums) const {
  constexpr std::int64_t kFeatures = 16;
  const Loops& loop = loops();
  for (std::int64_t first = begin; first < end; first += kFeatures) {
    const std::int64_t count = std::min(kFeatures, end - first);
    loop.add_outer(matrix_.values.data() + first, matrix_.cols, matrix_.rows, count, residuals, width,
                   sums + first * width);
  }
}

void SparseDesign::add_scores(std::int64_t begin, std::int64_t end, const double* weights, std::int64_t width,
                              double* scores) const {
  const Loops& loop = loops();
  for (std::int64_t row = begin; row < end; ++row) {
    const auto columns = matrix_.row_columns(row);
    loop.add_sparse(columns.data(), matrix_.row_values(row).data(), static_cast<std::int64_t>(columns.size()),
                    weights, width, scores + (row - begin) * width);
  }
}

void SparseDesign::add_gradient(std::int64_t begin, std::int64_t end, const double* residuals,
                                std::int64_t width, double* sums) const {
  const Loops& loop = loops();
  for (std::int64_t feature = begin; feature < end; ++feature) {
    const auto rows = transposed_.row_columns(feature);
    loop.add_sparse(rows.data(), transposed_.row_values(feature).data(),
                    static_cast<std::int64_t>(rows.size()), residuals, width, sums + feature * width);
  }
}

}  // namespace quire::linear
