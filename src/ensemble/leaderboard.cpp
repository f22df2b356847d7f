#include "quire/ensemble/leaderboard.h"

#include <algorithm>
#include <tuple>

#include "quire/ensemble/confidence.h"
#include "quire/ensemble/metrics.h"

namespace quire {

std::vector<int> predictions(const Matrix& probabilities) {
  std::vector<int> found = most_probable(probabilities);
  for (std::int64_t i = 0; i < probabilities.rows; ++i) {
    if (is_missing(probabilities.row(i))) found[static_cast<std::size_t>(i)] = -1;
  }
  return found;
}

Scores score(const Matrix& probabilities, std::span<const int> labels) {
  std::vector<int> truth;
  std::vector<int> predicted;
  const auto all = predictions(probabilities);
  std::int64_t right = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] < 0) continue;
    truth.push_back(labels[i]);
    predicted.push_back(all[i]);
    right += labels[i] == all[i] ? 1 : 0;
  }
  const Metrics metrics = measure(truth, predicted, static_cast<int>(probabilities.cols));
  Scores scores;
  scores.rows = metrics.n;
  scores.accuracy = metrics.accuracy;
  scores.interval = wilson_interval(right, metrics.n);
  scores.macro_f1 = metrics.macro_f1;
  scores.log_loss = log_loss(probabilities, labels);
  scores.ece = expected_calibration_error(probabilities, labels);
  return scores;
}

bool is_better(const Scores& a, const Scores& b, Metric metric) {
  if ((a.rows == 0) != (b.rows == 0)) return b.rows == 0;
  const auto key = [&](const Scores& one) {
    const double first = metric == Metric::accuracy   ? one.accuracy
                         : metric == Metric::macro_f1 ? one.macro_f1
                                                      : -one.log_loss;
    return std::pair(first, -one.log_loss);
  };
  return key(a) > key(b);
}

void sort_leaderboard(std::vector<LeaderboardRow>& rows, Metric metric) {
  std::ranges::stable_sort(rows, [&](const LeaderboardRow& a, const LeaderboardRow& b) {
    if (is_better(a.oof, b.oof, metric)) return true;
    if (is_better(b.oof, a.oof, metric)) return false;
    return std::tie(a.is_ensemble, a.round, a.name) < std::tie(b.is_ensemble, b.round, b.name);
  });
}

}  // namespace quire
