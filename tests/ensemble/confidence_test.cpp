#include "quire/ensemble/confidence.h"

#include <gtest/gtest.h>

#include "ensemble/ensemble_support.h"
#include "quire/base/error.h"
#include "quire/ensemble/leaderboard.h"
#include "quire/ensemble/metrics.h"

namespace quire::test {
namespace {

TEST(Scores, AreThoseOfScikitLearn) {
  const auto golden = ensemble_golden("scores.json");
  const Matrix probabilities = matrix_from(golden.at("probabilities"));
  const auto labels = golden.at("labels").get<std::vector<int>>();
  const Scores found = score(probabilities, labels);
  EXPECT_EQ(found.rows, probabilities.rows);
  EXPECT_DOUBLE_EQ(found.accuracy, golden.at("accuracy"));
  EXPECT_DOUBLE_EQ(found.macro_f1, golden.at("macro_f1"));
  EXPECT_NEAR(found.log_loss, golden.at("log_loss"), 1e-5);  // scikit-learn was given sums of exactly 1
  EXPECT_NEAR(found.ece, golden.at("ece"), 1e-12);
}

TEST(LogLoss, ClipsAZeroAndLeavesOutWhatIsMissing) {
  Matrix matrix = matrix_from(3, 2, {1, 0, 0.5, 0.5, 0.25, 0.75});
  make_missing(matrix, 1);
  EXPECT_NEAR(log_loss(matrix, std::vector<int>{1, 0, 0}), (-std::log(1e-12) - std::log(0.25)) / 2, 1e-9);
  make_missing(matrix, 0);
  make_missing(matrix, 2);
  EXPECT_EQ(log_loss(matrix, std::vector<int>{1, 0, 0}), 0);
}

TEST(CalibrationError, IsThatOfTwoBinsByHand) {
  // Two rows at .8, of which one is right; two at .6, both right.
  const Matrix matrix = matrix_from(4, 2, {0.8F, 0.2F, 0.8F, 0.2F, 0.4F, 0.6F, 0.4F, 0.6F});
  EXPECT_NEAR(expected_calibration_error(matrix, std::vector<int>{0, 1, 1, 1}, 10), 0.5 * 0.3 + 0.5 * 0.4,
              1e-7);
}

TEST(Coverage, KeepsRowsOfEqualConfidenceTogether) {
  const Matrix matrix = matrix_from(4, 2, {0.9F, 0.1F, 0.7F, 0.3F, 0.3F, 0.7F, 0.6F, 0.4F});
  const auto curve = coverage_curve(matrix, std::vector<int>{0, 0, 0, 1}, 4);
  ASSERT_EQ(curve.size(), 3);
  EXPECT_FLOAT_EQ(static_cast<float>(curve[0].confidence), 0.6F);
  EXPECT_EQ(curve[0].rows, 4);
  EXPECT_DOUBLE_EQ(curve[0].coverage, 1);
  EXPECT_DOUBLE_EQ(curve[0].accuracy, 0.5);
  EXPECT_EQ(curve[1].rows, 3);
  EXPECT_DOUBLE_EQ(curve[1].accuracy, 2.0 / 3);
  EXPECT_EQ(curve[2].rows, 1);
  EXPECT_DOUBLE_EQ(curve[2].accuracy, 1);
  EXPECT_TRUE(coverage_curve(Matrix(0, 2), {}).empty());
}

Scores scores_of(std::int64_t rows, double accuracy, double loss) {
  Scores scores;
  scores.rows = rows;
  scores.accuracy = accuracy;
  scores.log_loss = loss;
  return scores;
}

TEST(Leaderboard, HasTheBestByTheMetricFirst) {
  std::vector<LeaderboardRow> rows(3);
  rows[0].name = "a";
  rows[0].oof = scores_of(10, 0.7, 0.9);
  rows[1].name = "b";
  rows[1].is_ensemble = true;
  rows[1].oof = scores_of(10, 0.7, 0.8);
  rows[2].name = "c";
  rows[2].oof = scores_of(0, 0, 0);
  sort_leaderboard(rows, Metric::accuracy);
  EXPECT_EQ(rows[0].name, "b");
  EXPECT_EQ(rows[1].name, "a");
  EXPECT_EQ(rows[2].name, "c");
}

TEST(Metric, IsNamedAsInARecipe) {
  EXPECT_EQ(metric_of("macro_f1"), Metric::macro_f1);
  EXPECT_EQ(metric_name(Metric::log_loss), "log_loss");
  EXPECT_ERROR((void)metric_of("acuracy"), InputError, "'acuracy' is not a metric");
}

}  // namespace
}  // namespace quire::test
