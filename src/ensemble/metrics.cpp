#include "quire/ensemble/metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

namespace quire {
namespace {

double ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

// The most frequent first; those that are as frequent in the order of their classes.
std::vector<Confusion> count_pairs(std::vector<std::pair<int, int>> pairs) {
  std::ranges::sort(pairs);
  std::vector<Confusion> counted;
  for (const auto& [truth, predicted] : pairs) {
    if (counted.empty() || counted.back().truth != truth || counted.back().predicted != predicted)
      counted.push_back({truth, predicted, 0});
    ++counted.back().count;
  }
  std::ranges::stable_sort(counted, std::ranges::greater{}, &Confusion::count);
  return counted;
}

}  // namespace

Metrics measure(std::span<const int> truth, std::span<const int> predicted, int classes) {
  const auto count = static_cast<std::size_t>(classes);
  Metrics metrics;
  metrics.n = static_cast<std::int64_t>(truth.size());
  metrics.per_class.resize(count);
  std::vector<std::int64_t> times_predicted(count), hits(count);
  // A table of all pairs would take 3 GB for 20,000 classes; those that occur are at most the rows.
  std::vector<std::pair<int, int>> wrong;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto right = static_cast<std::size_t>(truth[i]);
    ++metrics.per_class[right].support;
    ++times_predicted[static_cast<std::size_t>(predicted[i])];
    if (truth[i] == predicted[i]) {
      ++hits[right];
    } else {
      wrong.emplace_back(truth[i], predicted[i]);
    }
  }
  metrics.confusions = count_pairs(std::move(wrong));
  int seen = 0;
  std::int64_t correct = 0;
  for (std::size_t c = 0; c < count; ++c) {
    ClassMetrics& one = metrics.per_class[c];
    one.precision = ratio(hits[c], times_predicted[c]);
    one.recall = ratio(hits[c], one.support);
    one.f1 = ratio(2 * hits[c], times_predicted[c] + one.support);
    correct += hits[c];
    if (one.support + times_predicted[c] > 0) {
      metrics.macro_f1 += one.f1;
      ++seen;
    }
  }
  if (seen > 0) metrics.macro_f1 /= seen;
  metrics.accuracy = ratio(correct, metrics.n);
  return metrics;
}

std::vector<int> most_probable(const Matrix& probabilities) {
  std::vector<int> best(static_cast<std::size_t>(probabilities.rows));
  for (std::int64_t row = 0; row < probabilities.rows; ++row) {
    const auto values = probabilities.row(row);
    best[static_cast<std::size_t>(row)] =
        static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
  }
  return best;
}

bool is_missing(std::span<const float> row) {
  return std::ranges::any_of(row, [](float value) { return std::isnan(value); });
}

double log_loss(const Matrix& probabilities, std::span<const int> truth) {
  double sum = 0;
  std::int64_t rows = 0;
  for (std::int64_t i = 0; i < probabilities.rows; ++i) {
    const auto row = probabilities.row(i);
    if (is_missing(row)) continue;
    const auto label = static_cast<std::size_t>(truth[static_cast<std::size_t>(i)]);
    sum -= std::log(std::max(static_cast<double>(row[label]), kLeastProbability));
    ++rows;
  }
  return rows == 0 ? 0 : sum / static_cast<double>(rows);
}

std::string Metrics::json(std::span<const std::string> names, std::size_t most_confusions) const {
  nlohmann::ordered_json out;
  out["n"] = n;
  out["accuracy"] = accuracy;
  out["macro_f1"] = macro_f1;
  out["per_class"] = nlohmann::ordered_json::array();
  for (std::size_t c = 0; c < per_class.size(); ++c) {
    const ClassMetrics& one = per_class[c];
    out["per_class"].push_back({{"label", names[c]},
                                {"precision", one.precision},
                                {"recall", one.recall},
                                {"f1", one.f1},
                                {"support", one.support}});
  }
  out["confusions"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < std::min(most_confusions, confusions.size()); ++i) {
    out["confusions"].push_back({{"true", names[static_cast<std::size_t>(confusions[i].truth)]},
                                 {"predicted", names[static_cast<std::size_t>(confusions[i].predicted)]},
                                 {"count", confusions[i].count}});
  }
  return out.dump();
}

}  // namespace quire
