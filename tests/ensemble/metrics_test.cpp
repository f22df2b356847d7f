#include "quire/ensemble/metrics.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

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

TEST(Metrics, MostProbableTakesTheFirstOfEquals) {
  Matrix matrix(2, 3);
  matrix.values = {0.2F, 0.4F, 0.4F, 0.5F, 0.1F, 0.4F};
  EXPECT_EQ(most_probable(matrix), (std::vector<int>{1, 0}));
}

}  // namespace
}  // namespace quire::test
