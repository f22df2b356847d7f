// Stratified folds and held-out rows, with and without groups that must stay together.
//
// Labels are class indices, one a row; groups are names, one a row, or empty for none. A row
// whose group is the empty string belongs to no group and may go anywhere. Everything is a
// function of the arguments and the seed alone.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "quire/base/context.h"
#include "quire/table/labels.h"

namespace quire {

// Row numbers, ascending.
struct Fold {
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> valid;
};

// The fold of each row, from 0. Without groups both the rows of a class and all rows are spread
// so evenly that their counts differ by at most 1 between folds. With groups the rows of a group
// share a fold, and groups are dealt out greedily, those that hold the largest share of their
// classes first, each to the fold that then has the least of its classes (the idea of
// scikit-learn's StratifiedGroupKFold).
// Throws InputError for fewer than 2 folds, or more folds than rows or groups.
[[nodiscard]] std::vector<int> assign_folds(std::span<const int> labels, std::span<const std::string> groups,
                                            int folds, std::uint64_t seed);

// Which rows are held out: about `fraction` of them and of each class, whole groups only; at
// least one row of each class is not. Without groups the number is exactly round(fraction * rows)
// (as far as the classes allow), and each class's within 1 of its share.
// 0 holds out nothing. Throws InputError for a fraction outside [0, 1), or when there is no
// group (or row) that can be held out.
[[nodiscard]] std::vector<bool> hold_out(std::span<const int> labels, std::span<const std::string> groups,
                                         double fraction, std::uint64_t seed);

// Rows of fold `fold` are to validate, the rest to train.
[[nodiscard]] Fold split_by_fold(std::span<const int> assignment, int fold);
[[nodiscard]] Fold split_by_hold_out(const std::vector<bool>& held_out);

}  // namespace quire
