// A linear model at work: scores of rows, and probabilities of scores.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quire/base/context.h"
#include "quire/base/matrix.h"
#include "quire/terms/sparse.h"

namespace quire {

// Const and shared between threads. Holds its own copy of the weights.
class LinearModel {
 public:
  // weights [classes, features], bias [classes]
  LinearModel(const Matrix& weights, std::span<const float> bias);

  // weights * x + bias for each row: [rows, classes]
  [[nodiscard]] Matrix scores(const SparseMatrix& features, const Context& context) const;
  [[nodiscard]] Matrix scores(const Matrix& features, const Context& context) const;

  [[nodiscard]] Matrix weights() const;
  [[nodiscard]] std::vector<float> bias() const;
  [[nodiscard]] std::int64_t classes() const { return classes_; }
  [[nodiscard]] std::int64_t features() const { return features_; }

 private:
  std::int64_t classes_ = 0;
  std::int64_t features_ = 0;
  std::int64_t width_ = 0;
  std::vector<float> table_;  // [features + 1, width], the bias last: see src/linear/loops.h
};

// Softmax of each row of scores divided by `temperature`, in place.
void softmax_rows(Matrix& scores, double temperature, const Context& context);

// The temperature that makes the labels of the rows most probable (Guo et al. 2017), between 1/1000 and
// 1000. Labels are in [0, classes).
[[nodiscard]] double fit_temperature(const Matrix& scores, std::span<const int> labels);

}  // namespace quire
