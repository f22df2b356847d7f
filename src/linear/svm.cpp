#include "quire/linear/svm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <mutex>

#include "linear/loops.h"
#include "quire/base/error.h"
#include "quire/base/random.h"
#include "quire/base/threads.h"

namespace quire {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Rows as the solver needs them: w * x of one, and w += step * x.
class SparseRows {
 public:
  explicit SparseRows(const SparseMatrix& matrix) : matrix_(matrix) {}

  // In four sums, so that one addition need not wait for the other.
  [[nodiscard]] double dot(std::int64_t row, const std::vector<double>& weights) const {
    const auto columns = matrix_.row_columns(row);
    const auto values = matrix_.row_values(row);
    double sums[4] = {};
    std::size_t i = 0;
    for (; i + 4 <= columns.size(); i += 4) {
      for (std::size_t lane = 0; lane < 4; ++lane) {
        sums[lane] += values[i + lane] * weights[at(columns[i + lane])];
      }
    }
    for (; i < columns.size(); ++i) sums[0] += values[i] * weights[at(columns[i])];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
  }
  void add(double step, std::int64_t row, std::vector<double>& weights) const {
    const auto columns = matrix_.row_columns(row);
    const auto values = matrix_.row_values(row);
    for (std::size_t i = 0; i < columns.size(); ++i) weights[at(columns[i])] += step * values[i];
  }
  [[nodiscard]] std::span<const float> values(std::int64_t row) const { return matrix_.row_values(row); }

 private:
  const SparseMatrix& matrix_;
};

class DenseRows {
 public:
  explicit DenseRows(const Matrix& matrix) : matrix_(matrix) {}

  [[nodiscard]] double dot(std::int64_t row, const std::vector<double>& weights) const {
    return linear::loops().dot_float(matrix_.row(row).data(), weights.data(), matrix_.cols);
  }
  void add(double step, std::int64_t row, std::vector<double>& weights) const {
    linear::loops().axpy_float(step, matrix_.row(row).data(), weights.data(), matrix_.cols);
  }
  [[nodiscard]] std::span<const float> values(std::int64_t row) const { return matrix_.row(row); }

 private:
  const Matrix& matrix_;
};

SparseRows rows_of(const SparseMatrix& matrix) { return SparseRows(matrix); }
DenseRows rows_of(const Matrix& matrix) { return DenseRows(matrix); }

// One class against the rest.
template <typename Rows>
class Binary {
 public:
  Binary(const Rows& rows, std::int64_t features, std::span<const int> labels, int label,
         std::span<const double> square_lengths, const SvmOptions& options)
      : rows_(rows),
        options_(options),
        squares_(square_lengths),
        weights_(at(features + 1)),
        alphas_(labels.size()),
        signs_(labels.size()) {
    std::ranges::transform(labels, signs_.begin(), [&](int other) { return other == label ? 1.0F : -1.0F; });
    double own = 1, rest = 1;
    if (!options.class_weights.empty()) {
      own = options.class_weights[at(label)];
      if (options.class_weights.size() == 2) rest = options.class_weights[at(1 - label)];
    }
    diagonals_ = {0.5 / (options.c * rest), 0.5 / (options.c * own)};
    for (std::size_t row = 0; row < labels.size(); ++row) {
      if ((signs_[row] > 0 ? own : rest) > 0) order_.push_back(static_cast<std::int32_t>(row));
    }
  }

  // random(iteration) gives the stream that shuffles the rows of an iteration.
  template <typename NewRandom>
  void run(const NewRandom& random, const Context& context) {
    std::size_t active = order_.size();
    double largest_before = kInfinity;
    while (iterations_ < options_.max_iterations) {
      context.check_stop();
      Random stream = random(iterations_);
      stream.shuffle(std::span(order_).first(active));
      largest_ = -kInfinity;
      smallest_ = kInfinity;
      for (std::size_t place = 0; place < active;) {
        if (visit(order_[place], largest_before)) {
          ++place;
        } else {
          std::swap(order_[place], order_[--active]);  // shrunk: it will hardly move again
        }
      }
      ++iterations_;
      if (largest_ - smallest_ <= options_.tolerance) {
        if (active == order_.size()) {
          converged_ = true;
          return;
        }
        active = order_.size();  // done with the active ones: look at all again
        largest_before = kInfinity;
      } else {
        largest_before = largest_ > 0 ? largest_ : kInfinity;
      }
    }
  }

  [[nodiscard]] const std::vector<double>& weights() const { return weights_; }  // the bias last
  [[nodiscard]] std::int64_t iterations() const { return iterations_; }
  [[nodiscard]] bool converged() const { return converged_; }

 private:
  // One step of coordinate descent; false if the row is to be shrunk away.
  bool visit(std::int32_t row, double largest_before) {
    double& alpha = alphas_[at(row)];
    const double sign = signs_[at(row)];
    const double score = weights_.back() + rows_.dot(row, weights_);
    const double diagonal = diagonals_[sign > 0 ? 1 : 0];
    const double gradient = sign * score - 1 + alpha * diagonal;
    double projected = gradient;
    if (alpha == 0) {
      if (gradient > largest_before) return false;
      projected = std::min(gradient, 0.0);
    }
    largest_ = std::max(largest_, projected);
    smallest_ = std::min(smallest_, projected);
    if (std::abs(projected) <= 1e-12) return true;
    const double before = alpha;
    alpha = std::max(alpha - gradient / (squares_[at(row)] + diagonal), 0.0);
    const double step = (alpha - before) * sign;
    rows_.add(step, row, weights_);
    weights_.back() += step;
    return true;
  }

  const Rows& rows_;
  const SvmOptions& options_;
  std::span<const double> squares_;
  std::array<double, 2> diagonals_;    // of the rest's rows, of the class's own
  std::vector<double> weights_;        // [features + 1]
  std::vector<double> alphas_;         // [rows]
  std::vector<float> signs_;           // [rows]
  std::vector<std::int32_t> order_;    // those that count
  double largest_ = 0, smallest_ = 0;  // of the projected gradient in this iteration
  std::int64_t iterations_ = 0;
  bool converged_ = false;
};

// Squared length of each row, with the 1 that stands for the bias.
template <typename Rows>
std::vector<double> square_lengths(const Rows& rows, std::int64_t count) {
  std::vector<double> squares(at(count), 1.0);
  for (std::int64_t row = 0; row < count; ++row) {
    for (const float value : rows.values(row)) squares[at(row)] += static_cast<double>(value) * value;
  }
  return squares;
}

void check(std::int64_t rows, std::span<const int> labels, int classes, const SvmOptions& options) {
  if (!(options.c > 0) || !std::isfinite(options.c)) {
    throw InputError(fmt::format("C is {:g}; it must be more than 0", options.c), "1 is the usual value");
  }
  if (static_cast<std::int64_t>(labels.size()) != rows || labels.empty()) {
    throw Error(fmt::format("{} labels were given for {} rows of features", labels.size(), rows));
  }
  if (!options.class_weights.empty() && options.class_weights.size() != at(classes))
    throw Error(fmt::format("{} weights were given for {} classes", options.class_weights.size(), classes));
  for (const int label : labels) {
    if (label < 0 || label >= classes)
      throw Error(fmt::format("label {} is not one of {} classes", label, classes));
  }
}

void store(const std::vector<double>& weights, double sign, int label, SvmFit& fit) {
  const auto row = fit.weights.row(label);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = static_cast<float>(sign * weights[j]);
  fit.bias[at(label)] = static_cast<float>(sign * weights.back());
}

template <typename Features>
SvmFit fit(const Features& features, std::span<const int> labels, int classes, const SvmOptions& options,
           const Context& context) {
  check(features.rows, labels, classes, options);
  SvmFit fit;
  fit.weights = Matrix(classes, features.cols);
  fit.bias.assign(at(classes), 0);
  fit.converged = true;
  const auto rows = rows_of(features);
  const std::vector<double> squares = square_lengths(rows, features.rows);
  const std::int64_t problems = classes == 2 ? 1 : classes;  // two classes are each other's mirror image
  std::mutex mutex;
  std::int64_t done = 0;
  parallel_for(problems, 1, context.threads, [&](std::int64_t begin, std::int64_t end) {
    for (auto label = static_cast<int>(begin); label < static_cast<int>(end); ++label) {
      Binary binary(rows, features.cols, labels, label, squares, options);
      const auto random = [&](std::int64_t iteration) {
        return Random(context.seed, Purpose::batches, static_cast<std::uint32_t>(label),
                      static_cast<std::uint32_t>(iteration));
      };
      binary.run(random, context);
      store(binary.weights(), 1, label, fit);
      if (classes == 2) store(binary.weights(), -1, 1, fit);
      const std::lock_guard lock(mutex);
      fit.iterations = std::max(fit.iterations, binary.iterations());
      fit.converged = fit.converged && binary.converged();
      ++done;
      if (!options.stage.empty()) {
        context.progress({.stage = options.stage, .done = done, .total = problems, .detail = "classes"});
      }
    }
  });
  return fit;
}

}  // namespace

SvmFit fit_svm(const SparseMatrix& features, std::span<const int> labels, int classes,
               const SvmOptions& options, const Context& context) {
  return fit(features, labels, classes, options, context);
}

SvmFit fit_svm(const Matrix& features, std::span<const int> labels, int classes, const SvmOptions& options,
               const Context& context) {
  return fit(features, labels, classes, options, context);
}

}  // namespace quire
