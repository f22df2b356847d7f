#include "quire/ensemble/significance.h"

#include <gtest/gtest.h>

#include "ensemble/ensemble_support.h"

namespace quire::test {
namespace {

TEST(Wilson, HasTheIntervalsOfStatsmodels) {
  for (const auto& one : ensemble_golden("significance.json").at("wilson")) {
    const Interval found = wilson_interval(one.at("successes"), one.at("count"));
    EXPECT_NEAR(found.low, one.at("interval")[0].get<double>(), 1e-12) << one;
    EXPECT_NEAR(found.high, one.at("interval")[1].get<double>(), 1e-12) << one;
  }
  EXPECT_EQ(wilson_interval(0, 0).low, 0);
  EXPECT_EQ(wilson_interval(0, 0).high, 1);
}

TEST(McNemar, HasThePOfStatsmodels) {
  for (const auto& one : ensemble_golden("significance.json").at("mcnemar")) {
    const double expected = one.at("p").get<double>();
    const double found = mcnemar_p(one.at("first"), one.at("second"));
    EXPECT_NEAR(found, expected, 1e-9 * expected) << one;
    EXPECT_EQ(found, mcnemar_p(one.at("second"), one.at("first")));
  }
}

TEST(McNemar, IsExactOnSmallCounts) {
  EXPECT_DOUBLE_EQ(mcnemar_p(0, 1), 1);
  EXPECT_NEAR(mcnemar_p(0, 5), 2.0 / 32, 1e-15);
  EXPECT_NEAR(mcnemar_p(1, 5), 2 * 7.0 / 64, 1e-15);
  EXPECT_DOUBLE_EQ(mcnemar_p(4, 4), 1);
}

// Of 10^12 throws the normal distribution, which is exact enough there: z = 2 and z = 5.
TEST(McNemar, IsStableForHugeCounts) {
  EXPECT_NEAR(mcnemar_p(500000000000 - 1000000, 500000000000 + 1000000), 0.0455002, 1e-6);
  EXPECT_NEAR(mcnemar_p(500000000000 - 2500000, 500000000000 + 2500000), 5.7330e-7, 1e-11);
}

TEST(McNemar, CountsTheRowsThatBothPredict) {
  const std::vector<int> truth = {0, 0, 1, 1, 2, 2};
  const std::vector<int> first = {0, 0, 1, 0, -1, 2};
  const std::vector<int> second = {0, 1, 0, 1, 2, -1};
  const McNemar found = mcnemar(truth, first, second);
  EXPECT_EQ(found.only_first, 2);
  EXPECT_EQ(found.only_second, 1);
  EXPECT_DOUBLE_EQ(found.p, 1);
}

}  // namespace
}  // namespace quire::test
