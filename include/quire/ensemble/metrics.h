// How good predictions are: accuracy, F1 and the confusions behind them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "quire/base/matrix.h"

namespace quire {

// As scikit-learn's classification_report with zero_division=0.
struct ClassMetrics {
  double precision = 0;  // 0 when the class was never predicted
  double recall = 0;     // 0 when the class has no row
  double f1 = 0;         // 0 when both are
  std::int64_t support = 0;
};

struct Confusion {
  int truth = 0;
  int predicted = 0;
  std::int64_t count = 0;
};

struct Metrics {
  std::int64_t n = 0;
  double accuracy = 0;
  double macro_f1 = 0;                  // mean over the classes that occur in the truth or the predictions
  std::vector<ClassMetrics> per_class;  // [classes]
  std::vector<Confusion> confusions;    // all wrong pairs that occur, the most frequent first

  // The object that `eval --json` prints; at most `confusions` of the confusions.
  [[nodiscard]] std::string json(std::span<const std::string> names, std::size_t most_confusions = 20) const;
};

// Both in [0, classes).
[[nodiscard]] Metrics measure(std::span<const int> truth, std::span<const int> predicted, int classes);

// The most probable class of each row; the first of equals.
[[nodiscard]] std::vector<int> most_probable(const Matrix& probabilities);

// In logarithms a probability counts as at least this, so that a single 0 does not decide a mean.
inline constexpr double kLeastProbability = 1e-12;

// Whether a row is one of NaN: nothing is known of it.
[[nodiscard]] bool is_missing(std::span<const float> row);

// Mean of -log(probability of the truth) over the rows that are not missing; 0 when there is none.
[[nodiscard]] double log_loss(const Matrix& probabilities, std::span<const int> truth);

}  // namespace quire
