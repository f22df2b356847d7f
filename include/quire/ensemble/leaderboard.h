// Members and ensembles in the order of how good they are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quire/base/matrix.h"
#include "quire/ensemble/cross_fit.h"
#include "quire/ensemble/significance.h"

namespace quire {

// Over the rows that are not missing.
struct Scores {
  std::int64_t rows = 0;
  double accuracy = 0;
  Interval interval;  // Wilson's, of the accuracy
  double macro_f1 = 0;
  double log_loss = 0;
  double ece = 0;  // expected calibration error
};

[[nodiscard]] Scores score(const Matrix& probabilities, std::span<const int> labels);

// By the metric; of equals the lower log loss. Nothing is worse than scores of no rows.
[[nodiscard]] bool is_better(const Scores& a, const Scores& b, Metric metric);

// The most probable class of each row, -1 of a missing one.
[[nodiscard]] std::vector<int> predictions(const Matrix& probabilities);

// A line of leaderboard.tsv.
struct LeaderboardRow {
  std::string name;
  bool is_ensemble = false;
  int round = 0;  // of pseudo-labels
  Scores oof;     // of an ensemble: cross-fitted
  std::optional<Scores> holdout;
  double p_against_best_member = 1;  // McNemar's, out of fold
  double seconds = 0;
};

// Best by the metric first, on the out-of-fold rows; of equals members, then names.
void sort_leaderboard(std::vector<LeaderboardRow>& rows, Metric metric);

}  // namespace quire
