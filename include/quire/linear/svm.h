// Linear support vector machines, one class against the rest, as scikit-learn's LinearSVC fits them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "quire/base/context.h"
#include "quire/base/matrix.h"
#include "quire/terms/sparse.h"

namespace quire {

// scores = weights * x + bias; the largest wins.
struct SvmFit {
  Matrix weights;           // [classes, features]
  std::vector<float> bias;  // [classes]

  std::int64_t iterations = 0;  // most of any class
  bool converged = false;       // all classes
};

struct SvmOptions {
  // For each class, C * (sum of squared hinge losses) + 1/2 * (sum of squared weights, the bias among
  // them) is minimised.
  double c = 1;
  double tolerance = 1e-4;  // of the spread of the projected gradient, as liblinear's -e
  std::int64_t max_iterations = 1000;
  // C is multiplied by a class's weight where the class is told from the rest, and of two classes for the
  // rows of each, as liblinear does and scikit-learn's class_weight therefore means. Empty: 1.
  std::span<const float> class_weights{};
  std::string_view stage;  // names the work in progress reports; empty: none
};

// Dual coordinate descent with shrinking (Hsieh et al., "A dual coordinate descent method for large-scale
// linear SVM", ICML 2008), which is liblinear's solver 1. liblinear itself draws from the process's
// rand(), so that its classes could not be fitted at the same time and reproducibly; here the order of
// rows is a function of `context.seed`, the class and the iteration, and the result does not depend on
// `context.threads`. `labels` holds a class in [0, classes) for every row. Throws InputError for C <= 0,
// Error where sizes do not match, Interrupted.
[[nodiscard]] SvmFit fit_svm(const SparseMatrix& features, std::span<const int> labels, int classes,
                             const SvmOptions& options, const Context& context);
[[nodiscard]] SvmFit fit_svm(const Matrix& features, std::span<const int> labels, int classes,
                             const SvmOptions& options, const Context& context);

}  // namespace quire
