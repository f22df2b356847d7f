#include "quire/ensemble/pseudo_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "quire/base/error.h"
#include "quire/ensemble/metrics.h"

namespace quire {
namespace {

struct Candidate {
  std::int64_t row = 0;
  int label = 0;
  float probability = 0;
  float agreement = 0;
};

void check_share(double value, const char* name) {
  if (value >= 0 && value <= 1) return;
  throw InputError(fmt::format("{} of pseudo-labels is {:g}; it lies between 0 and 1", name, value));
}

int first_choice(std::span<const float> row) {
  return static_cast<int>(std::ranges::max_element(row) - row.begin());
}

// The share of the members with that first choice, of those that have the row.
float agreement_on(std::span<const Matrix> matrices, std::int64_t row, int label) {
  int asked = 0;
  int agreed = 0;
  for (const Matrix& matrix : matrices) {
    if (matrix.rows == 0 || is_missing(matrix.row(row))) continue;
    ++asked;
    agreed += first_choice(matrix.row(row)) == label ? 1 : 0;
  }
  return asked == 0 ? 0 : static_cast<float>(agreed) / static_cast<float>(asked);
}

// The most probable of each class, as many as its share of the training rows.
void keep_shares(std::vector<Candidate>& candidates, std::span<const std::int64_t> training_counts,
                 std::int64_t rows) {
  const auto total =
      static_cast<double>(std::accumulate(training_counts.begin(), training_counts.end(), std::int64_t{0}));
  std::vector<std::int64_t> left;
  for (const std::int64_t count : training_counts) {
    const double share = total > 0 ? static_cast<double>(count) / total : 0;
    // Not 4.0000000001 up to 5.
    left.push_back(static_cast<std::int64_t>(std::ceil(share * static_cast<double>(rows) - 1e-6)));
  }
  std::ranges::stable_sort(candidates, std::greater<>{}, &Candidate::probability);
  std::erase_if(candidates,
                [&](const Candidate& one) { return left[static_cast<std::size_t>(one.label)]-- <= 0; });
  std::ranges::sort(candidates, {}, &Candidate::row);
}

PseudoLabels collect(const std::vector<Candidate>& candidates, const Matrix& probabilities, bool soft) {
  PseudoLabels found;
  found.targets = Matrix(static_cast<std::int64_t>(candidates.size()), probabilities.cols);
  for (const Candidate& one : candidates) {
    const auto target = found.targets.row(static_cast<std::int64_t>(found.rows.size()));
    if (soft) {
      std::ranges::copy(probabilities.row(one.row), target.begin());
    } else {
      target[static_cast<std::size_t>(one.label)] = 1;
    }
    found.rows.push_back(one.row);
    found.labels.push_back(one.label);
    found.probability.push_back(one.probability);
    found.agreement.push_back(one.agreement);
  }
  return found;
}

}  // namespace

PseudoLabels select_pseudo_labels(std::span<const Matrix> matrices, const Combination& combination,
                                  std::span<const std::int64_t> training_counts,
                                  const PseudoLabelOptions& options, const Context& context) {
  check_share(options.agreement, "agreement");
  check_share(options.probability, "probability");
  if (static_cast<std::int64_t>(training_counts.size()) != combination.classes) {
    throw Error(fmt::format("{} counts of training rows were given for {} classes", training_counts.size(),
                            combination.classes));
  }
  const Matrix probabilities = combination.combine(matrices, context);
  std::vector<Candidate> candidates;
  for (std::int64_t row = 0; row < probabilities.rows; ++row) {
    const auto values = probabilities.row(row);
    if (is_missing(values)) continue;
    const int label = first_choice(values);
    const float probability = values[static_cast<std::size_t>(label)];
    if (static_cast<double>(probability) < options.probability) continue;
    const float agreement = agreement_on(matrices, row, label);
    // 4 of 5 are .8, whatever the rounding.
    if (static_cast<double>(agreement) < options.agreement - 1e-6) continue;
    candidates.push_back({row, label, probability, agreement});
  }
  if (options.balance) keep_shares(candidates, training_counts, probabilities.rows);
  return collect(candidates, probabilities, options.soft);
}

}  // namespace quire
