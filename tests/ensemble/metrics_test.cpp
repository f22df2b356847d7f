#include "quire/ensemble/metrics.h"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "quire/base/random.h"

namespace quire::test {
namespace {

// scikit-learn 1.x on the same rows: precision_recall_fscore_support(zero_division=0), accuracy_score,
// f1_score(average="macro").
TEST(Metrics, EqualScikitLearn) {
  const std::vector<int> truth = {0, 0, 1, 1, 1, 2, 2, 3};
  const std::vector<int> predicted = {0, 1, 1, 1, 2, 2, 0, 0};
  const Metrics metrics = measure(truth, predicted, 4);
  EXPECT_EQ(metrics.n, 8);
  EXPECT_DOUBLE_EQ(metrics.accuracy, 0.5);
  EXPECT_DOUBLE_EQ(metrics.per_class[0].precision, 1.0 / 3);
  EXPECT_DOUBLE_EQ(metrics.per_class[0].recall, 0.5);
  EXPECT_DOUBLE_EQ(metrics.per_class[0].f1, 0.4);
  EXPECT_DOUBLE_EQ(metrics.per_class[1].f1, 2.0 / 3);
  EXPECT_DOUBLE_EQ(metrics.per_class[2].f1, 0.5);
  EXPECT_DOUBLE_EQ(metrics.per_class[3].f1, 0.0);
  EXPECT_DOUBLE_EQ(metrics.macro_f1, (0.4 + 2.0 / 3 + 0.5 + 0.0) / 4);
}

TEST(Metrics, ClassesThatNeverOccurDoNotCountInMacroF1) {
  const Metrics metrics = measure(std::vector<int>{0, 1}, std::vector<int>{0, 1}, 5);
  EXPECT_DOUBLE_EQ(metrics.macro_f1, 1.0);
}

TEST(Metrics, JsonHasTheKeysOfTheContract) {
  const std::vector<std::string> names = {"a b", "c"};
  const auto json =
      nlohmann::json::parse(measure(std::vector<int>{0, 0, 1}, std::vector<int>{0, 1, 1}, 2).json(names));
  EXPECT_EQ(json["n"], 3);
  EXPECT_EQ(json["per_class"][0]["label"], "a b");
  EXPECT_EQ(json["confusions"][0]["true"], "a b");
  EXPECT_EQ(json["confusions"][0]["predicted"], "c");
  EXPECT_EQ(json["confusions"][0]["count"], 1);
}

// A table of 300,000 by 300,000 classes would take 720 GB.
TEST(Metrics, MemoryGrowsWithTheRowsAndNotWithPairsOfClasses) {
  for (const int classes : {20000, 300000}) {
    const std::vector<int> truth = {0, 1, classes - 1, classes - 1, classes - 1, 5};
    const std::vector<int> predicted = {0, 2, 7, 7, classes - 1, 4};
    const Metrics metrics = measure(truth, predicted, classes);
    EXPECT_DOUBLE_EQ(metrics.accuracy, 2.0 / 6);
    EXPECT_DOUBLE_EQ(metrics.per_class.back().recall, 1.0 / 3);
    EXPECT_DOUBLE_EQ(metrics.macro_f1, (1.0 + 0.5) / 7);
    ASSERT_EQ(metrics.confusions.size(), 3U);
    EXPECT_EQ(metrics.confusions[0].truth, classes - 1);
    EXPECT_EQ(metrics.confusions[0].predicted, 7);
    EXPECT_EQ(metrics.confusions[0].count, 2);
    EXPECT_EQ(metrics.confusions[1].truth, 1) << "as frequent as the next, and of the class before it";
  }
}

TEST(Metrics, CountsPairsAsATableWould) {
  Random random(3, Purpose::test);
  constexpr int kClasses = 12;
  std::vector<int> truth, predicted;
  std::array<std::array<std::int64_t, kClasses>, kClasses> table{};
  for (int i = 0; i < 500; ++i) {
    truth.push_back(static_cast<int>(random.below(kClasses - 1)));
    predicted.push_back(static_cast<int>(random.below(kClasses)));
    ++table[static_cast<std::size_t>(truth.back())][static_cast<std::size_t>(predicted.back())];
  }
  const Metrics metrics = measure(truth, predicted, kClasses);
  std::int64_t before = 500;
  std::int64_t wrong = 0;
  for (const Confusion& one : metrics.confusions) {
    EXPECT_NE(one.truth, one.predicted);
    EXPECT_EQ(one.count, table[static_cast<std::size_t>(one.truth)][static_cast<std::size_t>(one.predicted)]);
    EXPECT_LE(one.count, before);
    before = one.count;
    wrong += one.count;
  }
  EXPECT_DOUBLE_EQ(metrics.accuracy, static_cast<double>(500 - wrong) / 500);
  EXPECT_EQ(metrics.per_class[kClasses - 1].support, 0);
}

TEST(Metrics, MostProbableTakesTheFirstOfEquals) {
  Matrix matrix(2, 3);
  matrix.values = {0.2F, 0.4F, 0.4F, 0.5F, 0.1F, 0.4F};
  EXPECT_EQ(most_probable(matrix), (std::vector<int>{1, 0}));
}

}  // namespace
}  // namespace quire::test
