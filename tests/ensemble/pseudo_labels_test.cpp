#include "quire/ensemble/pseudo_labels.h"

#include <gtest/gtest.h>

#include "ensemble/ensemble_support.h"
#include "quire/base/error.h"

namespace quire::test {
namespace {

// Three members of five unlabelled rows in two classes.
struct Unlabelled {
  std::vector<Matrix> matrices = {
      matrix_from(5, 2, {0.9F, 0.1F, 0.95F, 0.05F, 0.99F, 0.01F, 0.1F, 0.9F, 0.6F, 0.4F}),
      matrix_from(5, 2, {0.9F, 0.1F, 0.95F, 0.05F, 0.99F, 0.01F, 0.1F, 0.9F, 0.6F, 0.4F}),
      matrix_from(5, 2, {0.9F, 0.1F, 0.95F, 0.05F, 0.49F, 0.51F, 0.1F, 0.9F, 0.6F, 0.4F})};
  Combination mean = plain_mean(2, std::vector<std::string>{"a", "b", "c"});

  [[nodiscard]] PseudoLabels select(const PseudoLabelOptions& options,
                                    std::vector<std::int64_t> counts = {1, 1}) const {
    return select_pseudo_labels(matrices, mean, counts, options, {});
  }
};

using Rows = std::vector<std::int64_t>;

TEST(PseudoLabels, NeedAgreementAndProbability) {
  const Unlabelled data;
  const auto both = data.select({.agreement = 0.8, .probability = 0.8, .balance = false});
  EXPECT_EQ(both.rows, (Rows{0, 1, 3}));
  EXPECT_EQ(both.labels, (std::vector<int>{0, 0, 1}));
  EXPECT_FLOAT_EQ(both.probability[1], 0.95F);
  EXPECT_FLOAT_EQ(both.agreement[1], 1);
  EXPECT_EQ(data.select({.agreement = 0.6, .probability = 0.8, .balance = false}).rows, (Rows{0, 1, 2, 3}));
  EXPECT_EQ(data.select({.agreement = 0.8, .probability = 0.93, .balance = false}).rows, (Rows{1}));
  EXPECT_TRUE(data.select({.agreement = 1, .probability = 1}).rows.empty());
}

TEST(PseudoLabels, AreCappedByTheShareOfTheTrainingRows) {
  const Unlabelled data;
  // A fifth of five rows is one: the most probable.
  const auto capped = data.select({.agreement = 0.5, .probability = 0.5}, {1, 4});
  EXPECT_EQ(capped.rows, (Rows{1, 3}));
  EXPECT_EQ(data.select({.agreement = 0.5, .probability = 0.5}, {0, 4}).rows, (Rows{3}));
}

TEST(PseudoLabels, AreHardOrSoft) {
  const Unlabelled data;
  const auto hard = data.select({.agreement = 0.5, .probability = 0.92});
  EXPECT_EQ(hard.targets.values, (std::vector<float>{1, 0}));
  const auto soft = data.select({.agreement = 0.5, .probability = 0.92, .soft = true});
  EXPECT_NEAR(soft.targets.values[1], 0.05, 1e-6);
}

TEST(PseudoLabels, DoNotAskMembersThatLackTheRow) {
  Unlabelled data;
  make_missing(data.matrices[2], 2);
  const auto found = data.select({.agreement = 1, .probability = 0.98, .balance = false});
  EXPECT_EQ(found.rows, (Rows{2}));
  for (Matrix& matrix : data.matrices) make_missing(matrix, 2);
  EXPECT_TRUE(data.select({.agreement = 1, .probability = 0.98, .balance = false}).rows.empty());
}

TEST(PseudoLabels, RefuseSharesThatAreNone) {
  const Unlabelled data;
  EXPECT_ERROR((void)data.select({.agreement = 1.5}), InputError, "agreement of pseudo-labels is 1.5");
  EXPECT_ERROR((void)data.select({.probability = -0.1}), InputError, "probability of pseudo-labels is -0.1");
}

}  // namespace
}  // namespace quire::test
