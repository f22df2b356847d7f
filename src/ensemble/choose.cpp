#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "quire/base/error.h"
#include "quire/ensemble/cross_fit.h"
#include "quire/ensemble/leaderboard.h"
#include "quire/ensemble/significance.h"

namespace quire {
namespace {

constexpr double kSignificant = 0.05;

constexpr std::array<std::pair<Metric, std::string_view>, 3> kMetrics = {
    {{Metric::accuracy, "accuracy"}, {Metric::macro_f1, "macro_f1"}, {Metric::log_loss, "log_loss"}}};

}  // namespace

Metric metric_of(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& [metric, known] : kMetrics) {
    if (known == name) return metric;
    names.emplace_back(known);
  }
  const std::string near = nearest_name(name, names);
  throw InputError(fmt::format("'{}' is not a metric", name),
                   near.empty() ? fmt::format("there are {}", fmt::join(names, ", "))
                                : fmt::format("did you mean '{}'?", near));
}

std::string_view metric_name(Metric metric) {
  for (const auto& [known, name] : kMetrics)
    if (known == metric) return name;
  return "";
}

int choose(std::span<const Matrix* const> candidates, std::span<const int> labels, Metric metric) {
  std::vector<Scores> scores;
  std::vector<std::vector<int>> predicted;
  for (const Matrix* matrix : candidates) {
    scores.push_back(score(*matrix, labels));
    predicted.push_back(predictions(*matrix));
  }
  int best = -1;
  for (int i = 0; i < static_cast<int>(scores.size()); ++i) {
    const auto& one = scores[static_cast<std::size_t>(i)];
    if (best < 0 || is_better(one, scores[static_cast<std::size_t>(best)], metric)) best = i;
  }
  if (best < 0 || metric == Metric::log_loss) return best;
  int chosen = best;
  for (int i = 0; i < static_cast<int>(scores.size()); ++i) {
    const auto index = static_cast<std::size_t>(i);
    if (mcnemar(labels, predicted[static_cast<std::size_t>(best)], predicted[index]).p <= kSignificant) {
      continue;
    }
    if (scores[index].log_loss < scores[static_cast<std::size_t>(chosen)].log_loss) chosen = i;
  }
  return chosen;
}

}  // namespace quire
