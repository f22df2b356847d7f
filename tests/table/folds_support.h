// Made-up labels and groups, and how evenly they were dealt.
#pragma once

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "quire/base/random.h"

namespace quire::test {

// `counts[c]` rows of each class c, in random order.
inline std::vector<int> shuffled_labels(const std::vector<int>& counts, std::uint64_t seed = 1) {
  std::vector<int> labels;
  for (std::size_t label = 0; label < counts.size(); ++label) {
    labels.insert(labels.end(), static_cast<std::size_t>(counts[label]), static_cast<int>(label));
  }
  Random(seed, Purpose::test).shuffle(std::span(labels));
  return labels;
}

// Groups of 1 to `largest` rows, most of whose rows share a label, as source packages do.
inline std::pair<std::vector<int>, std::vector<std::string>> grouped_rows(int group_count,
                                                                          std::uint32_t largest,
                                                                          std::uint32_t classes) {
  Random random(3, Purpose::test);
  std::vector<int> labels;
  std::vector<std::string> groups;
  for (int group = 0; group < group_count; ++group) {
    const std::uint32_t rows = 1 + random.below(1 + random.below(largest));
    const auto main_label = static_cast<int>(random.below(1 + random.below(classes)));
    for (std::uint32_t i = 0; i < rows; ++i) {
      labels.push_back(random.below(5) == 0 ? static_cast<int>(random.below(classes)) : main_label);
      groups.push_back(fmt::format("g{}", group));
    }
  }
  return {labels, groups};
}

using Counts = std::vector<std::vector<int>>;  // [fold][class]

inline Counts tabulate(const std::vector<int>& labels, const std::vector<int>& assignment, int folds) {
  const auto classes = static_cast<std::size_t>(*std::ranges::max_element(labels)) + 1;
  std::vector<std::vector<int>> counts(static_cast<std::size_t>(folds), std::vector<int>(classes));
  for (std::size_t row = 0; row < labels.size(); ++row) {
    ++counts.at(static_cast<std::size_t>(assignment[row])).at(static_cast<std::size_t>(labels[row]));
  }
  return counts;
}

inline std::vector<int> sizes(const Counts& counts) {
  std::vector<int> result(counts.size());
  std::ranges::transform(counts, result.begin(),
                         [](const auto& fold) { return std::accumulate(fold.begin(), fold.end(), 0); });
  return result;
}

inline std::vector<int> column(const Counts& counts, std::size_t label) {
  std::vector<int> result(counts.size());
  std::ranges::transform(counts, result.begin(), [&](const auto& fold) { return fold[label]; });
  return result;
}

}  // namespace quire::test
