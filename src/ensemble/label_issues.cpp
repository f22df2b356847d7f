#include "quire/ensemble/label_issues.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "quire/ensemble/metrics.h"

namespace quire {
namespace {

// cleanlab's constants.
constexpr double kTolerance = 1e-6;
constexpr double kLeastThreshold = 2e-6;
constexpr double kNeverConfident = 2;  // threshold of a class without rows
constexpr double kTiny = 1e-100;

// A square table [classes, classes] of numbers.
template <typename T>
struct Table {
  std::size_t classes;
  std::vector<T> values;
  explicit Table(std::size_t count) : classes(count), values(count * count) {}
  T& at(std::size_t i, std::size_t j) { return values[i * classes + j]; }
  [[nodiscard]] const T& at(std::size_t i, std::size_t j) const { return values[i * classes + j]; }
  std::span<T> row(std::size_t i) { return std::span(values).subspan(i * classes, classes); }
};

struct LabelledRows {
  std::size_t classes;
  std::vector<std::vector<std::int64_t>> of_class;  // rows that are not missing
};

LabelledRows group_by_label(const Matrix& probabilities, std::span<const int> labels) {
  LabelledRows rows;
  rows.classes = static_cast<std::size_t>(probabilities.cols);
  rows.of_class.resize(rows.classes);
  for (std::int64_t i = 0; i < probabilities.rows; ++i) {
    if (is_missing(probabilities.row(i))) continue;
    rows.of_class[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])].push_back(i);
  }
  return rows;
}

// By class: how sure the rows labelled with it are of it on average.
std::vector<double> thresholds(const Matrix& probabilities, const LabelledRows& rows) {
  std::vector<double> found(rows.classes, kNeverConfident);
  for (std::size_t k = 0; k < rows.classes; ++k) {
    if (rows.of_class[k].empty()) continue;
    double sum = 0;
    for (const std::int64_t row : rows.of_class[k]) sum += static_cast<double>(probabilities.row(row)[k]);
    found[k] = std::max(sum / static_cast<double>(rows.of_class[k].size()), kLeastThreshold);
  }
  return found;
}

std::size_t argmax(std::span<const float> values) {
  return static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
}

// The class a row is confidently counted as, or `classes` for none.
std::size_t confident_class(std::span<const float> row, std::span<const double> threshold) {
  std::size_t found = row.size();
  for (std::size_t k = 0; k < row.size(); ++k) {
    if (static_cast<double>(row[k]) < threshold[k] - kTolerance) continue;
    if (found < row.size()) return argmax(row);
    found = k;
  }
  return found;
}

// Whole numbers that sum to what the numbers sum to: halves go to even, and what is then missing goes to
// where rounding took most (of equals the last, or if there is too much the first).
std::vector<std::int64_t> round_keeping_sum(std::span<const double> values) {
  std::vector<double> rounded(values.size());
  double sum = 0;
  double rounded_sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    rounded[i] = std::nearbyint(values[i]);
    sum += values[i];
    rounded_sum += rounded[i];
  }
  for (double missing = std::nearbyint(sum) - rounded_sum; missing != 0;
       missing = std::nearbyint(sum) - rounded_sum) {
    const double step = missing < 0 ? -1 : 1;
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return values[i] - rounded[i]; });
    if (step > 0) std::ranges::reverse(order);
    const auto changes = std::min(static_cast<std::size_t>(std::abs(missing)), values.size());
    for (std::size_t i = 0; i < changes; ++i) rounded[order[i]] += step;
    rounded_sum += step * static_cast<double>(changes);
  }
  return {rounded.begin(), rounded.end()};
}

Table<std::int64_t> calibrated_joint(const Matrix& probabilities, const LabelledRows& rows) {
  const std::vector<double> threshold = thresholds(probabilities, rows);
  Table<std::int64_t> counts(rows.classes);
  for (std::size_t given = 0; given < rows.classes; ++given) {
    for (const std::int64_t row : rows.of_class[given]) {
      const std::size_t likely = confident_class(probabilities.row(row), threshold);
      if (likely < rows.classes) ++counts.at(given, likely);
    }
    counts.at(given, given) = std::max<std::int64_t>(counts.at(given, given), 1);
  }
  Table<double> scaled(rows.classes);
  double total = 0;
  double row_count = 0;
  for (std::size_t i = 0; i < rows.classes; ++i) {
    double sum = 0;
    for (const std::int64_t count : counts.row(i)) sum += static_cast<double>(count);
    for (std::size_t j = 0; j < rows.classes; ++j) {
      scaled.at(i, j) = static_cast<double>(counts.at(i, j)) / std::max(sum, kTiny) *
                        static_cast<double>(rows.of_class[i].size());
      total += scaled.at(i, j);
    }
    row_count += static_cast<double>(rows.of_class[i].size());
  }
  Table<std::int64_t> joint(rows.classes);
  for (std::size_t i = 0; i < rows.classes; ++i) {
    for (double& value : scaled.row(i)) value = value / std::max(total, kTiny) * row_count;
    std::ranges::copy(round_keeping_sum(scaled.row(i)), joint.row(i).begin());
  }
  return joint;
}

// How many rows of given class k are to be taken as class j, at (k, j); at least one row of a class stays.
Table<std::int64_t> prune_counts(const Table<std::int64_t>& joint) {
  Table<std::int64_t> counts(joint.classes);
  for (std::size_t k = 0; k < joint.classes; ++k) {
    const std::int64_t kept = std::max<std::int64_t>(joint.at(k, k), 1);
    const auto more = static_cast<double>(kept - joint.at(k, k));
    double others = -1;
    for (std::size_t j = 0; j < joint.classes; ++j) others += joint.at(k, j) != 0 ? 1 : 0;
    others = std::max(others, 1.0);
    for (std::size_t j = 0; j < joint.classes; ++j) {
      // Cut off as cleanlab's conversion to whole numbers does.
      const double left = std::max(static_cast<double>(joint.at(k, j)) - more / others, 0.0);
      counts.at(k, j) = j == k ? kept : static_cast<std::int64_t>(left);
    }
  }
  return counts;
}

// Marks the `count` rows that think class `other` most more probable than their own.
void mark_largest_margins(const Matrix& probabilities, std::span<const std::int64_t> rows, std::size_t given,
                          std::size_t other, std::int64_t count, std::vector<bool>& marked) {
  std::vector<std::pair<double, std::int64_t>> margins;  // negative, so that the largest come first
  margins.reserve(rows.size());
  for (const std::int64_t row : rows) {
    const auto values = probabilities.row(row);
    margins.emplace_back(static_cast<double>(values[given]) - static_cast<double>(values[other]), row);
  }
  const auto taken = std::min(count, static_cast<std::int64_t>(rows.size()));
  std::partial_sort(margins.begin(), margins.begin() + taken, margins.end());
  for (std::int64_t i = 0; i < taken; ++i) {
    marked[static_cast<std::size_t>(margins[static_cast<std::size_t>(i)].second)] = true;
  }
}

LabelIssue describe(std::span<const float> values, std::int64_t row, std::size_t given) {
  double most = -1;
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (k != given) most = std::max(most, static_cast<double>(values[k]));
  }
  const std::size_t likely = argmax(values);
  return {.row = row,
          .given = static_cast<int>(given),
          .likely = static_cast<int>(likely),
          .given_probability = static_cast<double>(values[given]),
          .likely_probability = static_cast<double>(values[likely]),
          .margin_quality = (static_cast<double>(values[given]) - most + 1) / 2};
}

// Whether the given class is the most probable one, or as good as that.
bool agrees(std::span<const float> values, std::size_t given) {
  const double own = static_cast<double>(values[given]) + kTolerance;
  for (std::size_t k = 0; k < values.size(); ++k) {
    const auto other = static_cast<double>(values[k]);
    if (k != given && (other > own || (other == own && k < given))) return false;
  }
  return true;
}

}  // namespace

std::vector<std::int64_t> confident_joint(const Matrix& probabilities, std::span<const int> labels) {
  return calibrated_joint(probabilities, group_by_label(probabilities, labels)).values;
}

std::vector<LabelIssue> find_label_issues(const Matrix& probabilities, std::span<const int> labels) {
  const LabelledRows rows = group_by_label(probabilities, labels);
  const Table<std::int64_t> counts = prune_counts(calibrated_joint(probabilities, rows));
  std::vector<bool> marked(static_cast<std::size_t>(probabilities.rows));
  std::vector<LabelIssue> issues;
  for (std::size_t given = 0; given < rows.classes; ++given) {
    const auto& own = rows.of_class[given];
    if (own.size() <= 1) continue;  // the last of its class stays
    for (std::size_t other = 0; other < rows.classes; ++other) {
      if (other == given || counts.at(given, other) <= 0) continue;
      mark_largest_margins(probabilities, own, given, other, counts.at(given, other), marked);
    }
    for (const std::int64_t row : own) {
      if (!marked[static_cast<std::size_t>(row)] || agrees(probabilities.row(row), given)) continue;
      issues.push_back(describe(probabilities.row(row), row, given));
    }
  }
  std::ranges::sort(issues, {},
                    [](const LabelIssue& issue) { return std::pair(issue.given_probability, issue.row); });
  return issues;
}

}  // namespace quire
