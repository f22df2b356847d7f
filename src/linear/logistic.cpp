#include "quire/linear/logistic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "linear/design.h"
#include "linear/vector_ops.h"
#include "quire/base/error.h"
#include "quire/base/threads.h"
#include "quire/linear/lbfgs.h"

namespace quire {
namespace {

using linear::Design;

// Rows are worked on, and their losses added, in blocks of this many.
constexpr std::int64_t kRows = 128;

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

std::int64_t padded(std::int64_t classes) { return (classes + 3) / 4 * 4; }

// Mean cross-entropy plus penalty over parameters [features + 1, width]; the last row is the bias.
class SoftmaxLoss {
 public:
  // `labels` are in [0, classes), each of which occurs; so are `weights`, one a class, or none.
  SoftmaxLoss(const Design& design, std::vector<int> labels, std::vector<float> weights, std::int64_t classes,
              double c, int threads)
      : design_(design),
        labels_(std::move(labels)),
        weights_(std::move(weights)),
        classes_(classes),
        width_(padded(classes)),
        threads_(threads),
        // With two classes w1 = -w0 = w / 2, and the sum of their squares is half of w's.
        penalty_((classes == 2 ? 2.0 : 1.0) / (c * static_cast<double>(design.rows()))),
        residuals_(at(design.rows() * width_)) {}

  [[nodiscard]] std::int64_t parameters() const { return (design_.cols() + 1) * width_; }
  [[nodiscard]] std::int64_t width() const { return width_; }

  double operator()(std::span<const double> x, std::span<double> gradient) {
    const double loss = set_residuals(x);
    const std::int64_t weights = design_.cols() * width_;
    const double square = linear::dot<double>(x.first(at(weights)), x.first(at(weights)), threads_);
    parallel_for(design_.cols(), 64, threads_, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin * width_; i < end * width_; ++i) gradient[at(i)] = penalty_ * x[at(i)];
      design_.add_gradient(begin, end, residuals_.data(), width_, gradient.data());
    });
    set_bias_gradient(gradient.subspan(at(weights)));
    return loss + 0.5 * penalty_ * square;
  }

 private:
  // Fills residuals (probability - truth) / rows; returns the mean cross-entropy.
  double set_residuals(std::span<const double> x) {
    const std::int64_t rows = design_.rows();
    const std::int64_t blocks = (rows + kRows - 1) / kRows;
    std::vector<double> losses(at(blocks));
    parallel_for(blocks, 1, threads_, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t block = first; block < last; ++block) {
        losses[at(block)] = set_block(x, block * kRows, std::min((block + 1) * kRows, rows));
      }
    });
    double loss = 0;
    for (const double part : losses) loss += part;
    return loss / static_cast<double>(rows);
  }

  double set_block(std::span<const double> x, std::int64_t begin, std::int64_t end) {
    const double* bias = x.data() + design_.cols() * width_;
    double* const scores = residuals_.data() + begin * width_;
    for (std::int64_t row = begin; row < end; ++row) {
      std::copy_n(bias, width_, scores + (row - begin) * width_);
    }
    design_.add_scores(begin, end, x.data(), width_, scores);
    const double equal = 1 / static_cast<double>(design_.rows());
    double loss = 0;
    for (std::int64_t row = begin; row < end; ++row) {
      const double weight = weights_.empty() ? 1.0 : weights_[at(labels_[at(row)])];
      const double share = weight * equal;
      double* const score = scores + (row - begin) * width_;
      const double most = *std::max_element(score, score + classes_);
      const double truth = score[labels_[at(row)]];
      double sum = 0;
      for (std::int64_t k = 0; k < classes_; ++k) sum += score[k] = std::exp(score[k] - most);
      loss += weight * (std::log(sum) + most - truth);
      for (std::int64_t k = 0; k < classes_; ++k) score[k] *= share / sum;
      score[labels_[at(row)]] -= share;
      std::fill(score + classes_, score + width_, 0.0);
    }
    return loss;
  }

  void set_bias_gradient(std::span<double> gradient) const {
    std::ranges::fill(gradient, 0.0);
    for (std::int64_t row = 0; row < design_.rows(); ++row) {
      for (std::int64_t k = 0; k < width_; ++k) gradient[at(k)] += residuals_[at(row * width_ + k)];
    }
  }

  const Design& design_;
  std::vector<int> labels_;
  std::vector<float> weights_;
  std::int64_t classes_;
  std::int64_t width_;
  int threads_;
  double penalty_;
  std::vector<double> residuals_;  // [rows, width]
};

// The classes that occur, and each class's place among them.
struct Present {
  std::vector<int> classes;
  std::vector<int> place;
};

Present present_classes(std::span<const int> labels, int classes) {
  Present present;
  present.place.assign(at(classes), -1);
  for (const int label : labels) {
    if (label < 0 || label >= classes) {
      throw Error(fmt::format("label {} is not one of {} classes", label, classes));
    }
    present.place[at(label)] = 0;
  }
  for (int label = 0; label < classes; ++label) {
    if (present.place[at(label)] < 0) continue;
    present.place[at(label)] = static_cast<int>(present.classes.size());
    present.classes.push_back(label);
  }
  return present;
}

void load_start(const LogisticFit& start, const Present& present, std::int64_t width, std::span<double> x) {
  for (std::size_t k = 0; k < present.classes.size(); ++k) {
    const auto row = start.weights.row(present.classes[k]);
    for (std::size_t j = 0; j < row.size(); ++j) x[j * at(width) + k] = row[j];
    x[row.size() * at(width) + k] = start.bias[at(present.classes[k])];
  }
}

// Bias of a class that no row had: as if it were rarer than one row in all of them.
float absent_bias(const LogisticFit& fit, const Present& present, std::int64_t rows) {
  float least = std::numeric_limits<float>::max();
  for (const int label : present.classes) least = std::min(least, fit.bias[at(label)]);
  return least - std::log(static_cast<float>(rows) + 1);
}

void store(std::span<const double> x, const Present& present, std::int64_t rows, std::int64_t cols,
           LogisticFit& fit) {
  const auto width = at(padded(static_cast<std::int64_t>(present.classes.size())));
  fit.weights = Matrix(static_cast<std::int64_t>(present.place.size()), cols);
  fit.bias.assign(present.place.size(), 0);
  for (std::size_t k = 0; k < present.classes.size(); ++k) {
    const auto row = fit.weights.row(present.classes[k]);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = static_cast<float>(x[j * width + k]);
    fit.bias[at(present.classes[k])] = static_cast<float>(x[row.size() * width + k]);
  }
  const float rare = absent_bias(fit, present, rows);
  for (std::size_t label = 0; label < present.place.size(); ++label) {
    if (present.place[label] < 0) fit.bias[label] = rare;
  }
}

void check(const Design& design, std::span<const int> labels, int classes, const LogisticOptions& options) {
  if (!(options.c > 0) || !std::isfinite(options.c)) {
    throw InputError(fmt::format("C is {:g}; it must be more than 0", options.c), "1 is the usual value");
  }
  if (static_cast<std::int64_t>(labels.size()) != design.rows() || design.rows() == 0) {
    throw Error(fmt::format("{} labels were given for {} rows of features", labels.size(), design.rows()));
  }
  if (!options.class_weights.empty() && options.class_weights.size() != at(classes))
    throw Error(fmt::format("{} weights were given for {} classes", options.class_weights.size(), classes));
  const LogisticFit* start = options.start;
  if (start != nullptr && (start->weights.rows != classes || start->weights.cols != design.cols())) {
    throw Error(fmt::format("a start of {} x {} weights was given for {} x {}", start->weights.rows,
                            start->weights.cols, classes, design.cols()));
  }
}

linear::LbfgsOptions lbfgs_options(const LogisticOptions& options, std::int64_t parameters,
                                   const Context& context) {
  linear::LbfgsOptions lbfgs;
  lbfgs.tolerance = options.tolerance;
  lbfgs.max_iterations = options.max_iterations;
  // Half a gigabyte of history at most: five pairs are enough to converge, only later.
  lbfgs.history = std::clamp<std::int64_t>((std::int64_t{1} << 29) / (8 * parameters), 5, 10);
  lbfgs.threads = context.threads;
  lbfgs.after_iteration = [&](std::int64_t iteration, double value, double gradient) {
    context.check_stop();
    if (options.stage.empty()) return;
    const std::string detail =
        fmt::format("iteration {}  loss {:.4f}  gradient {:.1e}", iteration, value, gradient);
    context.progress({.stage = options.stage, .done = iteration, .detail = detail});
  };
  return lbfgs;
}

LogisticFit fit_design(const Design& design, std::span<const int> labels, int classes,
                       const LogisticOptions& options, const Context& context) {
  check(design, labels, classes, options);
  const Present present = present_classes(labels, classes);
  std::vector<int> places(labels.size());
  std::ranges::transform(labels, places.begin(), [&](int label) { return present.place[at(label)]; });
  std::vector<float> weights;
  if (!options.class_weights.empty()) {
    for (const int label : present.classes) weights.push_back(options.class_weights[at(label)]);
  }
  SoftmaxLoss loss(design, std::move(places), std::move(weights),
                   static_cast<std::int64_t>(present.classes.size()), options.c, context.threads);
  std::vector<double> x(at(loss.parameters()));
  if (options.start != nullptr) load_start(*options.start, present, loss.width(), x);
  const auto objective = [&](std::span<const double> point, std::span<double> gradient) {
    return loss(point, gradient);
  };
  const linear::LbfgsResult result =
      linear::minimise_lbfgs(x, objective, lbfgs_options(options, loss.parameters(), context));
  LogisticFit fit;
  fit.loss = result.value;
  fit.gradient = result.gradient;
  fit.iterations = result.iterations;
  fit.converged = result.converged;
  store(x, present, design.rows(), design.cols(), fit);
  return fit;
}

}  // namespace

LogisticFit fit_logistic(const SparseMatrix& features, std::span<const int> labels, int classes,
                         const LogisticOptions& options, const Context& context) {
  return fit_design(linear::SparseDesign(features, transpose(features)), labels, classes, options, context);
}

LogisticFit fit_logistic(const Matrix& features, std::span<const int> labels, int classes,
                         const LogisticOptions& options, const Context& context) {
  return fit_design(linear::DenseDesign(features), labels, classes, options, context);
}

}  // namespace quire
