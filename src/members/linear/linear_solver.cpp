#include "members/linear/linear_solver.h"

#include <fmt/format.h>

#include <algorithm>

#include "quire/ensemble/metrics.h"
#include "quire/linear/logistic.h"
#include "quire/linear/svm.h"
#include "quire/table/folds.h"

namespace quire {
namespace {

constexpr int kInnerFolds = 5;
constexpr std::size_t kManyRows = 10000;
constexpr std::size_t kFewRows = 20;  // too few to hold any out

// The smallest first. Rows of TF-IDF have length 1, and so have vectors, which sets the scale.
std::vector<double> candidates(const LinearOptions& options) {
  if (options.c) return {*options.c};
  if (options.loss == "svm") return {0.05, 0.1, 0.2, 0.5, 1};
  return {1, 3, 10, 30};
}

// To choose C, scikit-learn's tolerance will do. An encoder's vectors lie close together, so that it leaves
// probabilities 2e-3 away from the optimum's (tests/golden/linear_vectors); a last fit to 1e-6 leaves 1e-5.
double final_tolerance(const FeatureMatrix& features) {
  return std::holds_alternative<Matrix>(features) ? 1e-6 : LogisticOptions{}.tolerance;
}

std::vector<int> labels_of(std::span<const std::int64_t> rows, std::span<const int> labels) {
  std::vector<int> result;
  result.reserve(rows.size());
  for (const std::int64_t row : rows) result.push_back(labels[static_cast<std::size_t>(row)]);
  return result;
}

// Splits of [0, labels.size()). One temperature needs fewer rows than a choice does.
std::vector<Fold> inner_splits(std::span<const int> labels, bool chooses, std::uint64_t seed) {
  if (labels.size() < kFewRows) return {};
  const std::vector<int> assignment = assign_folds(labels, {}, kInnerFolds, seed);
  std::vector<Fold> splits;
  const int count = chooses && labels.size() < kManyRows ? kInnerFolds : 1;
  for (int fold = 0; fold < count; ++fold) splits.push_back(split_by_fold(assignment, fold));
  return splits;
}

std::vector<std::int64_t> rows_at(std::span<const std::int64_t> rows, std::span<const std::int64_t> places) {
  std::vector<std::int64_t> result;
  result.reserve(places.size());
  for (const std::int64_t place : places) result.push_back(rows[static_cast<std::size_t>(place)]);
  return result;
}

void append_rows(Matrix& all, const Matrix& more) {
  all.rows += more.rows;
  all.cols = more.cols;
  all.values.insert(all.values.end(), more.values.begin(), more.values.end());
}

double accuracy_of(const Matrix& scores, std::span<const int> truth) {
  const std::vector<int> found = most_probable(scores);
  std::int64_t right = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) right += found[i] == truth[i] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(truth.size());
}

LinearSolution solve(const std::string& loss, double c, double tolerance, const FeatureMatrix& features,
                     std::span<const int> labels, int classes, std::span<const float> class_weights,
                     std::string_view stage, const Context& context) {
  return std::visit(
      [&](const auto& matrix) -> LinearSolution {
        if (loss == "svm") {
          const SvmFit fit = fit_svm(matrix, labels, classes,
                                     {.c = c, .class_weights = class_weights, .stage = stage}, context);
          return {LinearModel(fit.weights, fit.bias), fit.converged};
        }
        const LogisticFit fit = fit_logistic(
            matrix, labels, classes,
            {.c = c, .tolerance = tolerance, .class_weights = class_weights, .stage = stage}, context);
        return {LinearModel(fit.weights, fit.bias), fit.converged};
      },
      features);
}

}  // namespace

LinearSolution solve_linear(const std::string& loss, double c, const FeatureMatrix& features,
                            std::span<const int> labels, int classes, std::span<const float> class_weights,
                            std::string_view stage, const Context& context) {
  return solve(loss, c, final_tolerance(features), features, labels, classes, class_weights, stage, context);
}

Matrix linear_scores(const LinearModel& model, const FeatureMatrix& features, const Context& context) {
  return std::visit([&](const auto& matrix) { return model.scores(matrix, context); }, features);
}

LinearChoice choose_linear(const LinearOptions& options, std::span<const std::int64_t> rows,
                           std::span<const int> labels, int classes, std::span<const float> class_weights,
                           const MakeFeatures& make_features, std::string_view stage,
                           const Context& context) {
  const std::vector<double> grid = candidates(options);
  LinearChoice choice;
  choice.c = grid[grid.size() / 2];
  if (options.c && options.loss == "logistic") return choice;  // nothing is open
  const std::vector<int> own_labels = labels_of(rows, labels);
  const std::vector<Fold> splits = inner_splits(own_labels, grid.size() > 1, context.seed);
  if (splits.empty()) return choice;

  std::vector<Matrix> scores(grid.size());  // of held-out rows, at each C
  std::vector<int> truth;
  for (std::size_t split = 0; split < splits.size(); ++split) {
    const std::vector<std::int64_t> train = rows_at(rows, splits[split].train);
    const std::vector<std::int64_t> valid = rows_at(rows, splits[split].valid);
    const SplitFeatures features = make_features(train, valid);
    const std::vector<int> train_labels = labels_of(train, labels);
    for (std::size_t i = 0; i < grid.size(); ++i) {
      const std::string inner =
          fmt::format("{}, choosing C: {:g}, part {} of {}", stage, grid[i], split + 1, splits.size());
      const LinearSolution solution =
          solve(options.loss, grid[i], LogisticOptions{}.tolerance, features.train, train_labels, classes,
                class_weights, inner, context);
      append_rows(scores[i], linear_scores(solution.model, features.valid, context));
    }
    const std::vector<int> valid_labels = labels_of(valid, labels);
    truth.insert(truth.end(), valid_labels.begin(), valid_labels.end());
  }
  std::size_t best = 0;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const double accuracy = accuracy_of(scores[i], truth);
    if (choice.accuracy && accuracy <= *choice.accuracy) continue;
    choice.accuracy = accuracy;
    best = i;
  }
  choice.c = grid[best];
  choice.tried = static_cast<std::int64_t>(grid.size());
  choice.held_out = static_cast<std::int64_t>(truth.size());
  if (options.loss == "svm") choice.temperature = fit_temperature(scores[best], truth);
  return choice;
}

}  // namespace quire
