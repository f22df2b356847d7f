// The rows a linear model is fitted to, dense or sparse, as its solver sees them.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "quire/base/matrix.h"
#include "quire/terms/sparse.h"

namespace quire::linear {

// Tables of weights are [features, width] and scores [rows, width], with the classes beside each other
// in memory: see linear/loops.h for the width.
class Design {
 public:
  virtual ~Design() = default;
  [[nodiscard]] virtual std::int64_t rows() const = 0;
  [[nodiscard]] virtual std::int64_t cols() const = 0;
  // scores[row - begin, :] += x[row, :] * weights, for rows in [begin, end)
  virtual void add_scores(std::int64_t begin, std::int64_t end, const double* weights, std::int64_t width,
                          double* scores) const = 0;
  // sums[feature, :] += x[:, feature]^T * residuals, for features in [begin, end)
  virtual void add_gradient(std::int64_t begin, std::int64_t end, const double* residuals, std::int64_t width,
                            double* sums) const = 0;
};

class DenseDesign : public Design {
 public:
  explicit DenseDesign(const Matrix& matrix) : matrix_(matrix) {}
  [[nodiscard]] std::int64_t rows() const override { return matrix_.rows; }
  [[nodiscard]] std::int64_t cols() const override { return matrix_.cols; }
  void add_scores(std::int64_t begin, std::int64_t end, const double* weights, std::int64_t width,
                  double* scores) const override;
  void add_gradient(std::int64_t begin, std::int64_t end, const double* residuals, std::int64_t width,
                    double* sums) const override;

 private:
  const Matrix& matrix_;
};

class SparseDesign : public Design {
 public:
  // Gradients need `transposed`, so that each feature's sum is one thread's; scores do not.
  explicit SparseDesign(const SparseMatrix& matrix, SparseMatrix transposed = {})
      : matrix_(matrix), transposed_(std::move(transposed)) {}
  [[nodiscard]] std::int64_t rows() const override { return matrix_.rows; }
  [[nodiscard]] std::int64_t cols() const override { return matrix_.cols; }
  void add_scores(std::int64_t begin, std::int64_t end, const double* weights, std::int64_t width,
                  double* scores) const override;
  void add_gradient(std::int64_t begin, std::int64_t end, const double* residuals, std::int64_t width,
                    double* sums) const override;

 private:
  const SparseMatrix& matrix_;
  SparseMatrix transposed_;
};

}  // namespace quire::linear
