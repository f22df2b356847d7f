// Methods that fit next to nothing: means, votes and the best member.
#include <algorithm>
#include <cmath>

#include "ensemble/lesson.h"
#include "quire/ensemble/metrics.h"

namespace quire::ensemble {
namespace {

// Of one member over the lesson's rows; larger is better. A missing row counts as the mean of the others.
double member_score(const Lesson& lesson, std::int64_t member, Metric metric) {
  const std::int64_t classes = lesson.tuned.classes;
  std::vector<int> truth;
  std::vector<int> predicted;
  double loss = 0;
  for (const std::int64_t row : lesson.rows) {
    const float* const values = lesson.tuned.probabilities_of(row) + member * classes;
    truth.push_back(lesson.labels[static_cast<std::size_t>(row)]);
    predicted.push_back(static_cast<int>(std::max_element(values, values + classes) - values));
    loss -= std::log(std::max(static_cast<double>(values[truth.back()]), kLeastProbability));
  }
  if (metric == Metric::log_loss) return -loss;
  const Metrics metrics = measure(truth, predicted, static_cast<int>(classes));
  return metric == Metric::accuracy ? metrics.accuracy : metrics.macro_f1;
}

}  // namespace

std::vector<std::int64_t> right_rows(const Lesson& lesson) {
  const std::int64_t classes = lesson.tuned.classes;
  std::vector<std::int64_t> right(static_cast<std::size_t>(lesson.tuned.members));
  for (const std::int64_t row : lesson.rows) {
    const float* values = lesson.tuned.probabilities_of(row);
    for (auto& count : right) {
      if (std::max_element(values, values + classes) - values ==
          lesson.labels[static_cast<std::size_t>(row)]) {
        ++count;
      }
      values += classes;
    }
  }
  return right;
}

void fit_best_member(const Lesson& lesson, Combination& combination) {
  std::size_t best = 0;
  std::pair<double, double> best_score;
  for (std::size_t m = 0; m < combination.weights.size(); ++m) {
    const auto member = static_cast<std::int64_t>(m);
    const std::pair score = {member_score(lesson, member, lesson.options.metric),
                             member_score(lesson, member, Metric::log_loss)};
    if (m == 0 || score > best_score) {
      best = m;
      best_score = score;
    }
  }
  std::ranges::fill(combination.weights, 0.0);
  combination.weights[best] = 1;
}

void fit_mean(const Lesson& /*lesson*/, Combination& /*combination*/) {}

void fit_log_mean(const Lesson& /*lesson*/, Combination& combination) { combination.rule = Rule::log_mean; }

void fit_vote(const Lesson& /*lesson*/, Combination& combination) { combination.rule = Rule::vote; }

// The logarithm of the odds of being right, log(a / (1 - a)) + log(classes - 1), is the best weight of voters
// who err independently (Nitzan and Paroush 1982). Two rows, one right and one wrong, keep it finite; whoever
// is no better than chance has no vote.
void fit_weighted_vote(const Lesson& lesson, Combination& combination) {
  combination.rule = Rule::vote;
  const auto rows = static_cast<double>(lesson.rows.size());
  const auto classes = static_cast<double>(lesson.tuned.classes);
  const auto right = right_rows(lesson);
  double sum = 0;
  std::vector<double> weights(right.size());
  for (std::size_t m = 0; m < right.size(); ++m) {
    const double accuracy = (static_cast<double>(right[m]) + 1) / (rows + 2);
    weights[m] = std::max(0.0, std::log(accuracy / (1 - accuracy)) + std::log(std::max(classes - 1, 1.0)));
    sum += weights[m];
  }
  if (sum <= 0) return;  // all alike
  for (std::size_t m = 0; m < weights.size(); ++m) combination.weights[m] = weights[m] / sum;
}

void fit_weighted_mean(const Lesson& lesson, Combination& combination) {
  const std::int64_t classes = lesson.tuned.classes;
  std::vector<float> chances;
  chances.reserve(lesson.rows.size() * combination.weights.size());
  for (const std::int64_t row : lesson.rows) {
    const float* truth = lesson.tuned.probabilities_of(row) + lesson.labels[static_cast<std::size_t>(row)];
    for (std::int64_t m = 0; m < lesson.tuned.members; ++m) chances.push_back(truth[m * classes]);
  }
  combination.weights = mixture_weights(chances, lesson.tuned.members);
}

}  // namespace quire::ensemble
