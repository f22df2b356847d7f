#include "quire/ensemble/temperature.h"

#include <gtest/gtest.h>

#include <numeric>

#include "ensemble/ensemble_support.h"
#include "ensemble/vector_math.h"
#include "quire/ensemble/metrics.h"

namespace quire::test {
namespace {

TEST(VectorMath, AgreesWithTheMathematicalLibrary) {
  for (float x = -86; x < 80; x += 0.0137F) {
    EXPECT_NEAR(ensemble::fast_exp(x) / std::exp(static_cast<double>(x)), 1, 3e-7) << x;
  }
  for (float x = 1e-30F; x < 1e30F; x *= 1.0137F) {
    const double expected = std::log(static_cast<double>(x));
    EXPECT_NEAR(ensemble::fast_log(x), expected, 3e-7 * std::max(1.0, std::abs(expected))) << x;
  }
  EXPECT_EQ(ensemble::fast_log(1.0F), 0.0F);
  EXPECT_EQ(ensemble::fast_exp(0.0F), 1.0F);
}

TEST(Temperature, IsTheMinimumThatScipyFinds) {
  for (const auto& one : ensemble_golden("temperature.json").at("cases")) {
    const Matrix probabilities = matrix_from(one.at("probabilities"));
    const auto labels = one.at("labels").get<std::vector<int>>();
    std::vector<int> folds(labels.size());
    std::iota(folds.begin(), folds.end(), 0);
    for (int& fold : folds) fold %= 5;
    const double expected = one.at("temperature");
    const double found = calibrating_temperature(probabilities, labels, folds);
    if (found == 1) {
      EXPECT_NEAR(expected, 1, 0.1);  // it did not lower the loss of rows it was not fitted to
    } else {
      EXPECT_NEAR(found / expected, 1, 1e-4);
    }
  }
}

TEST(Temperature, IsLeftOutWhereItCannotHelp) {
  const Problem noise = problem(400, 5, {1.0F});  // drawn from its own probabilities: calibrated
  const double calibrated = calibrating_temperature(noise.matrices[0], noise.labels, noise.folds);
  Matrix scaled = noise.matrices[0];
  apply_temperature(scaled, calibrated);
  EXPECT_LE(log_loss(scaled, noise.labels), log_loss(noise.matrices[0], noise.labels));
  const Problem few = problem(kFewestTemperatureRows - 1, 3, {2.0F});
  Matrix sharp = few.matrices[0];
  apply_temperature(sharp, 0.2);
  EXPECT_EQ(calibrating_temperature(sharp, few.labels, few.folds), 1);
}

TEST(Temperature, StaysWithinItsBounds) {
  Problem wrong = problem(300, 4, {3.0F});
  for (int& label : wrong.labels) label = (label + 1) % 4;  // always wrong, and sure of it
  EXPECT_NEAR(calibrating_temperature(wrong.matrices[0], wrong.labels, wrong.folds), kHottest, 1e-9);
  Problem right = problem(300, 4, {3.0F});
  for (std::int64_t i = 0; i < 300; ++i) {
    for (float& value : right.matrices[0].row(i)) value = 0.2F;
    right.matrices[0].row(i)[static_cast<std::size_t>(right.labels[static_cast<std::size_t>(i)])] = 0.4F;
  }
  EXPECT_NEAR(calibrating_temperature(right.matrices[0], right.labels, right.folds), kColdest, 1e-9);
}

TEST(Temperature, SoftensAndSharpensByHand) {
  Matrix matrix = matrix_from(1, 2, {0.8F, 0.2F});
  apply_temperature(matrix, 0.5);
  EXPECT_NEAR(matrix.row(0)[0], 0.64 / 0.68, 1e-6);
  apply_temperature(matrix, 2);
  EXPECT_NEAR(matrix.row(0)[0], 0.8, 1e-6);
}

}  // namespace
}  // namespace quire::test
