// Multinomial logistic regression: softmax over linear scores, as scikit-learn's LogisticRegression
// with an L2 penalty fits it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "quire/base/context.h"
#include "quire/base/matrix.h"
#include "quire/terms/sparse.h"

namespace quire {

// scores = weights * x + bias; probabilities are their softmax.
struct LogisticFit {
  Matrix weights;           // [classes, features], as a linear layer has them
  std::vector<float> bias;  // [classes]

  double loss = 0;      // mean cross-entropy of the rows plus the penalty, divided by the rows
  double gradient = 0;  // largest absolute entry of that loss's gradient at the end
  std::int64_t iterations = 0;
  bool converged = false;  // gradient <= tolerance
};

struct LogisticOptions {
  // What is minimised is C * (sum of cross-entropies) + 1/2 * (sum of squared weights); the bias is
  // free. With two classes the penalty is that of one difference of weights, as in scikit-learn.
  double c = 1;
  double tolerance = 1e-4;  // of the largest gradient entry, of the loss divided by C * rows
  std::int64_t max_iterations = 1000;
  // How often a row of each class counts in the sum, as scikit-learn's class_weight; empty: once.
  std::span<const float> class_weights{};
  const LogisticFit* start = nullptr;  // begin there; default: at zero. Of the same shape
  std::string_view stage;              // names the work in progress reports; empty: none
};

// Minimises by L-BFGS (Nocedal 1980) with a line search for the strong Wolfe conditions. Sums run in
// double precision and in an order that does not depend on `context.threads`, so neither does the
// result. `labels` holds a class in [0, classes) for every row. A class without rows gets zero weights
// and a bias below all others. Throws InputError for C <= 0, Error where sizes do not match,
// Interrupted.
[[nodiscard]] LogisticFit fit_logistic(const SparseMatrix& features, std::span<const int> labels, int classes,
                                       const LogisticOptions& options, const Context& context);
[[nodiscard]] LogisticFit fit_logistic(const Matrix& features, std::span<const int> labels, int classes,
                                       const LogisticOptions& options, const Context& context);

}  // namespace quire
