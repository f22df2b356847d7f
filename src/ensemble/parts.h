// The rows that methods are fitted to, cut into parts that each lie in one fold.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace quire::ensemble {

// What is chosen while fitting (a penalty, whether a temperature helps) is chosen on parts that were left out
// for it. Leaving out one fold must leave at least three of them, so few folds are cut further.
struct Parts {
  std::vector<int> of_row;      // -1: the row takes no part
  std::vector<int> fold_of;     // [parts]
  bool folds_are_ours = false;  // fewer than two folds were given: fold numbers are ours

  [[nodiscard]] int count() const { return static_cast<int>(fold_of.size()); }
  [[nodiscard]] int folds() const;  // one more than the largest
  // By part: whether it lies outside `fold`. A negative fold leaves out nothing.
  [[nodiscard]] std::vector<bool> without(int fold) const;
  [[nodiscard]] std::vector<std::int64_t> rows(const std::vector<bool>& use) const;
};

// Rows of a negative fold or with `usable` 0 take no part. Within a fold the rows of a class are dealt out
// in turn, so a part depends on the labels of its own fold alone.
[[nodiscard]] Parts make_parts(std::span<const int> labels, std::span<const int> folds,
                               std::span<const std::uint8_t> usable);

}  // namespace quire::ensemble
