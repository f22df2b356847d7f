#include <gtest/gtest.h>

#include <cmath>

#include "folds_support.h"
#include "quire/base/error.h"
#include "quire/table/folds.h"
#include "support.h"

namespace quire {
namespace {

using Names = std::vector<std::string>;

std::vector<int> held_per_class(const std::vector<int>& labels, const std::vector<bool>& held) {
  const std::vector<int> assignment(held.begin(), held.end());
  return test::tabulate(labels, assignment, 2)[1];
}

TEST(HoldOut, TakesTheFractionOfTheWholeAndOfEachClass) {
  const std::vector<std::vector<int>> cases = {{100, 50, 10}, {3, 3, 3, 3, 3, 3, 3}, {997, 2, 101, 30}};
  for (const auto& counts : cases) {
    const std::vector<int> labels = test::shuffled_labels(counts);
    for (const double fraction : {0.05, 0.1, 0.25, 0.5}) {
      const std::vector<bool> held = hold_out(labels, {}, fraction, 42);
      EXPECT_EQ(std::ranges::count(held, true), std::llround(fraction * static_cast<double>(labels.size())));
      const std::vector<int> per_class = held_per_class(labels, held);
      for (std::size_t label = 0; label < counts.size(); ++label) {
        EXPECT_LT(std::abs(per_class[label] - fraction * counts[label]), 1.0)
            << fraction << " of " << counts[label];
      }
    }
  }
}

TEST(HoldOut, LeavesARowOfEachClassToTrainOn) {
  const std::vector<int> labels = test::shuffled_labels({40, 1, 1, 2, 1});
  for (const double fraction : {0.1, 0.5, 0.9, 0.99}) {
    const std::vector<int> per_class = held_per_class(labels, hold_out(labels, {}, fraction, 42));
    EXPECT_LE(per_class[0], 39);
    EXPECT_EQ(per_class[1], 0);
    EXPECT_EQ(per_class[2], 0);
    EXPECT_LE(per_class[3], 1);
    EXPECT_EQ(per_class[4], 0);
  }
}

TEST(HoldOut, OfNothingIsNothing) {
  const std::vector<int> labels = test::shuffled_labels({40, 1});
  EXPECT_EQ(std::ranges::count(hold_out(labels, {}, 0.0, 42), true), 0);
  const Fold split = split_by_hold_out(hold_out(labels, {}, 0.0, 42));
  EXPECT_EQ(split.train.size(), 41U);
  EXPECT_TRUE(split.valid.empty());
}

TEST(HoldOut, OfATinyFractionIsOneRow) {
  const std::vector<int> labels = test::shuffled_labels({20, 20});
  EXPECT_EQ(std::ranges::count(hold_out(labels, {}, 0.001, 42), true), 1);
}

TEST(HoldOut, IsAFunctionOfTheSeed) {
  const std::vector<int> labels = test::shuffled_labels({60, 40});
  EXPECT_EQ(hold_out(labels, {}, 0.2, 1), hold_out(labels, {}, 0.2, 1));
  EXPECT_NE(hold_out(labels, {}, 0.2, 1), hold_out(labels, {}, 0.2, 2));
}

TEST(HoldOut, SplitsIntoAscendingRows) {
  const Fold split = split_by_hold_out({false, true, false, true});
  EXPECT_EQ(split.train, (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(split.valid, (std::vector<std::int64_t>{1, 3}));
}

TEST(GroupedHoldOut, KeepsGroupsTogetherAndClassesEven) {
  const auto [labels, groups] = test::grouped_rows(2000, 10, 8);
  const std::vector<bool> held = hold_out(labels, groups, 0.1, 42);
  std::map<std::string, std::set<bool>> sides;
  for (std::size_t row = 0; row < labels.size(); ++row) sides[groups[row]].insert(held[row]);
  for (const auto& [group, side] : sides) EXPECT_EQ(side.size(), 1U) << group;
  const auto rows = static_cast<double>(labels.size());
  EXPECT_NEAR(static_cast<double>(std::ranges::count(held, true)) / rows, 0.1, 0.005);
  const auto table = test::tabulate(labels, std::vector<int>(held.begin(), held.end()), 2);
  for (std::size_t label = 0; label < table[0].size(); ++label) {
    EXPECT_NEAR(table[1][label] / static_cast<double>(table[0][label] + table[1][label]), 0.1, 0.03) << label;
  }
}

TEST(GroupedHoldOut, OfLargeGroupsTakesTheSmallest) {
  const std::vector<int> labels = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
  const Names groups = {"a", "a", "a", "a", "b", "b", "c", "c", "c", "c"};
  const std::vector<bool> held = hold_out(labels, groups, 0.1, 42);
  for (std::size_t row = 0; row < labels.size(); ++row) EXPECT_EQ(held[row], groups[row] == "b") << row;
}

TEST(GroupedHoldOut, FailsWhenNoGroupCanBeSpared) {
  const std::vector<int> labels = {0, 0, 1, 1};
  EXPECT_ERROR((void)hold_out(labels, Names{"a", "a", "b", "b"}, 0.5, 42), InputError,
               "no group can be held out");
  EXPECT_ERROR((void)hold_out(std::vector<int>{0, 1, 2}, {}, 0.5, 42), InputError, "no row can be held out");
}

TEST(HoldOut, RefusesFractionsThatAreNone) {
  const std::vector<int> labels = {0, 0, 1, 1};
  for (const double fraction : {-0.1, 1.0, 5.0, std::nan("")}) {
    EXPECT_ERROR((void)hold_out(labels, {}, fraction, 42), InputError, "cannot be held out");
  }
}

}  // namespace
}  // namespace quire
