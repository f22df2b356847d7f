#include "quire/table/folds.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "folds_support.h"
#include "quire/base/error.h"
#include "table_support.h"

namespace quire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Names = std::vector<std::string>;

int spread(const std::vector<int>& values) {
  const auto [low, high] = std::ranges::minmax(values);
  return high - low;
}

TEST(Folds, SpreadClassesAndRowsEvenly) {
  const std::vector<std::vector<int>> cases = {
      {10, 10}, {7, 3, 2}, {1, 1, 1, 1, 1, 1, 1}, {1000, 13, 499, 5}, {23}};
  for (const auto& counts : cases) {
    const std::vector<int> labels = test::shuffled_labels(counts);
    for (const int folds : {2, 3, 5}) {
      const std::vector<int> assignment = assign_folds(labels, {}, folds, 42);
      const auto table = test::tabulate(labels, assignment, folds);
      EXPECT_LE(spread(test::sizes(table)), 1);
      for (std::size_t label = 0; label < counts.size(); ++label) {
        EXPECT_LE(spread(test::column(table, label)), 1) << "class " << label << " in " << folds << " folds";
      }
    }
  }
}

TEST(Folds, Partition) {
  const std::vector<int> labels = test::shuffled_labels({50, 31, 20});
  const std::vector<int> assignment = assign_folds(labels, {}, 5, 42);
  std::vector<int> held_out(labels.size());
  for (int fold = 0; fold < 5; ++fold) {
    const Fold split = split_by_fold(assignment, fold);
    EXPECT_EQ(split.train.size() + split.valid.size(), labels.size());
    EXPECT_TRUE(std::ranges::is_sorted(split.train));
    EXPECT_TRUE(std::ranges::is_sorted(split.valid));
    std::set<std::int64_t> all(split.train.begin(), split.train.end());
    all.insert(split.valid.begin(), split.valid.end());
    EXPECT_EQ(all.size(), labels.size());
    for (const std::int64_t row : split.valid) ++held_out.at(static_cast<std::size_t>(row));
  }
  EXPECT_THAT(held_out, testing::Each(1));
}

TEST(Folds, AreAFunctionOfTheSeed) {
  const std::vector<int> labels = test::shuffled_labels({50, 31, 20});
  const auto [group_labels, groups] = test::grouped_rows(200, 4, 5);
  EXPECT_EQ(assign_folds(labels, {}, 5, 42), assign_folds(labels, {}, 5, 42));
  EXPECT_NE(assign_folds(labels, {}, 5, 42), assign_folds(labels, {}, 5, 43));
  EXPECT_EQ(assign_folds(group_labels, groups, 5, 42), assign_folds(group_labels, groups, 5, 42));
  EXPECT_NE(assign_folds(group_labels, groups, 5, 42), assign_folds(group_labels, groups, 5, 43));
}

// Runs written by one version must be continued by the next: a change here breaks --resume.
TEST(Folds, StayWhatTheyWere) {
  const std::vector<int> labels = {0, 0, 0, 0, 1, 1, 1, 2, 2, 2};
  EXPECT_THAT(assign_folds(labels, {}, 3, 42), ElementsAre(0, 2, 1, 0, 0, 1, 2, 1, 0, 2));
}

TEST(Folds, AreNotTheOrderOfTheFile) {
  std::vector<int> labels(100, 0);
  const std::vector<int> assignment = assign_folds(labels, {}, 2, 42);
  int alternations = 0;
  for (std::size_t row = 1; row < 100; ++row) alternations += assignment[row] != assignment[row - 1] ? 1 : 0;
  EXPECT_GT(alternations, 30);
  EXPECT_LT(alternations, 70);
}

TEST(GroupedFolds, KeepGroupsTogether) {
  const auto [labels, groups] = test::grouped_rows(500, 20, 8);
  const std::vector<int> assignment = assign_folds(labels, groups, 5, 42);
  std::map<std::string, std::set<int>> folds_of;
  for (std::size_t row = 0; row < labels.size(); ++row) folds_of[groups[row]].insert(assignment[row]);
  EXPECT_EQ(folds_of.size(), 500U);
  for (const auto& [group, folds] : folds_of) EXPECT_EQ(folds.size(), 1U) << group;
}

TEST(GroupedFolds, AreNearlyAsEvenAsFoldsOfSingleRows) {
  const auto [labels, groups] = test::grouped_rows(2000, 10, 8);
  const auto table = test::tabulate(labels, assign_folds(labels, groups, 5, 42), 5);
  const auto rows = static_cast<double>(labels.size());
  for (std::size_t label = 0; label < table[0].size(); ++label) {
    double total = 0;
    for (const auto& fold : table) total += fold[label];
    for (const auto& fold : table) EXPECT_NEAR(fold[label] / total, 0.2, 0.02) << "class " << label;
  }
  for (const auto& fold : table) EXPECT_NEAR(std::accumulate(fold.begin(), fold.end(), 0) / rows, 0.2, 0.01);
}

TEST(GroupedFolds, OfSingleRowsAreStratified) {
  const std::vector<int> labels = test::shuffled_labels({40, 33, 9});
  Names groups(labels.size());
  for (std::size_t row = 0; row < labels.size(); ++row) groups[row] = fmt::format("g{}", row);
  const Names none(labels.size());  // rows without a group are on their own
  for (const Names& names : {groups, none}) {
    const auto table = test::tabulate(labels, assign_folds(labels, names, 5, 42), 5);
    for (std::size_t label = 0; label < 3; ++label) {
      EXPECT_LE(spread(test::column(table, label)), 1);
    }
  }
}

TEST(GroupedFolds, OneLargeGroupFillsItsFold) {
  // 50 of 100 rows are one group: the other four folds share the rest.
  const std::vector<int> labels = test::shuffled_labels({60, 40});
  Names groups;
  for (std::size_t row = 0; row < 100; ++row) groups.push_back(row < 50 ? "large" : fmt::format("g{}", row));
  const std::vector<int> assignment = assign_folds(labels, groups, 5, 42);
  for (std::size_t row = 50; row < 100; ++row) EXPECT_NE(assignment[row], assignment[0]);
}

TEST(Folds, NeedEnoughRowsAndGroups) {
  const std::vector<int> labels = {0, 1, 0, 1};
  const Names groups = {"a", "a", "b", "b"};
  EXPECT_ERROR((void)assign_folds(labels, {}, 5, 42), InputError, "4 rows are too few for 5 folds");
  EXPECT_ERROR((void)assign_folds(labels, groups, 3, 42), InputError, "2 groups are too few for 3 folds");
  EXPECT_ERROR((void)assign_folds(labels, {}, 1, 42), InputError, "1 folds");
  EXPECT_ERROR((void)assign_folds(labels, Names{"a"}, 2, 42), Error, "1 groups for 4 labels");
}

}  // namespace
}  // namespace quire
