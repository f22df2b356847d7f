#include "quire/ensemble/cross_fit.h"

#include <gtest/gtest.h>

#include <numeric>

#include "ensemble/ensemble_support.h"
#include "ensemble/lesson.h"
#include "quire/base/error.h"
#include "quire/ensemble/leaderboard.h"
#include "quire/ensemble/metrics.h"

namespace quire::test {
namespace {

double accuracy_of(const CrossFitted& fitted, const Problem& made) {
  return score(fitted.oof, made.labels).accuracy;
}

TEST(MixtureWeights, AreTheMinimumThatScipyFinds) {
  for (const auto& one : ensemble_golden("mixture.json").at("cases")) {
    const Matrix chances = matrix_from(one.at("chances"));
    const auto found = ensemble::mixture_weights(chances.values, chances.cols);
    const auto expected = one.at("weights").get<std::vector<double>>();
    double loss = 0;
    for (std::int64_t i = 0; i < chances.rows; ++i) {
      double sum = 0;
      for (std::size_t m = 0; m < found.size(); ++m) sum += found[m] * static_cast<double>(chances.row(i)[m]);
      loss -= std::log(sum) / static_cast<double>(chances.rows);
    }
    EXPECT_LE(loss, one.at("loss").get<double>() + 1e-10);
    for (std::size_t m = 0; m < found.size(); ++m) EXPECT_NEAR(found[m], expected[m], 1e-4) << m;
    EXPECT_NEAR(std::accumulate(found.begin(), found.end(), 0.0), 1, 1e-12);
  }
}

TEST(CrossFit, NeverSeesTheFoldItAnswersFor) {
  const Problem made = problem(250, 4, {1.5F, 1.2F, 0.8F, 0.5F, 1.4F, 0.0F});
  Problem changed = made;
  for (std::size_t i = 0; i < changed.labels.size(); ++i) {
    if (changed.folds[i] == 2) changed.labels[i] = (changed.labels[i] + 1 + static_cast<int>(i % 3)) % 4;
  }
  for (const Metric metric : {Metric::accuracy, Metric::macro_f1, Metric::log_loss}) {
    const CombineOptions options = {.metric = metric};
    const auto before = made.fit(all_methods(), options);
    const auto after = changed.fit(all_methods(), options);
    for (std::size_t i = 0; i < before.size(); ++i) {
      SCOPED_TRACE(before[i].method);
      EXPECT_EQ(before[i].without_fold[2].json(), after[i].without_fold[2].json());
      for (std::int64_t row = 0; row < before[i].oof.rows; ++row) {
        if (made.folds[static_cast<std::size_t>(row)] != 2) continue;
        EXPECT_TRUE(std::ranges::equal(before[i].oof.row(row), after[i].oof.row(row))) << row;
      }
    }
  }
}

TEST(CrossFit, AnswersWithTheCombinationItGives) {
  const Problem made = problem(300, 4, {1.5F, 1.0F, 0.5F});
  for (const CrossFitted& fitted : made.fit(all_methods())) {
    SCOPED_TRACE(fitted.method);
    ASSERT_EQ(fitted.without_fold.size(), 5);
    for (int fold = 0; fold < 5; ++fold) {
      const Combination back =
          Combination::from_json(fitted.without_fold[static_cast<std::size_t>(fold)].json(), "it");
      const Matrix all = back.combine(made.matrices, {});
      for (std::int64_t row = fold; row < all.rows; row += 5) {
        EXPECT_TRUE(std::ranges::equal(all.row(row), fitted.oof.row(row))) << row;
      }
    }
  }
}

TEST(CrossFit, IsBetterThanItsMembersWhereTheyErrDifferently) {
  const Problem made = problem(800, 6, {1.5F, 1.5F, 1.4F, 1.3F});
  const double best = score(made.matrices[0], made.labels).accuracy;
  for (const CrossFitted& fitted : made.fit(all_methods())) {
    if (fitted.method == "best-member") continue;
    EXPECT_GT(accuracy_of(fitted, made), best + 0.05) << fitted.method;
  }
}

// Members that know nothing of the labels give chance, whatever is fitted to them: among them one that is
// always sure, and fourteen for a selection to overfit with. Four standard deviations of a binomial.
TEST(CrossFit, GivesChanceForPermutedLabels) {
  Problem made = problem(800, 4, std::vector<float>(14, 2.0F));
  Random random(3, Purpose::test, 9);
  random.shuffle(std::span(made.labels));
  for (std::int64_t i = 0; i < made.matrices[0].rows; ++i) {
    for (float& value : made.matrices[0].row(i)) value = value > 0.5F ? 1.0F : 0.0F;
  }
  const double tolerance = 4 * std::sqrt(0.25 * 0.75 / 800);
  for (const CrossFitted& fitted : made.fit(all_methods())) {
    EXPECT_NEAR(accuracy_of(fitted, made), 0.25, tolerance) << fitted.method;
    EXPECT_GT(score(fitted.oof, made.labels).log_loss, std::log(4.0) - 0.02) << fitted.method;
  }
}

// A member that has seen its own rows cannot be told from a good one here: cross-fitting keeps weights
// honest, not members. Its score is as wrong as its matrix is.
TEST(CrossFit, CannotMendAMemberThatSawItsRows) {
  Problem made = problem(500, 4, {0.0F, 0.0F, 6.0F});
  const auto fitted = made.fit({"weighted-mean"});
  EXPECT_GT(fitted[0].combination.weights[2], 0.9);
}

TEST(CrossFit, PermutedMembersHavePermutedWeights) {
  const Problem made = problem(300, 4, {1.5F, 1.2F, 0.8F, 1.0F, 0.5F, 1.4F});
  Problem turned = made;
  std::ranges::rotate(turned.matrices, turned.matrices.begin() + 2);
  std::ranges::rotate(turned.names, turned.names.begin() + 2);
  const auto before = made.fit(all_methods());
  const auto after = turned.fit(all_methods());
  for (std::size_t i = 0; i < before.size(); ++i) {
    SCOPED_TRACE(before[i].method);
    auto weights = before[i].combination.weights;
    std::ranges::rotate(weights, weights.begin() + 2);
    for (std::size_t m = 0; m < weights.size(); ++m) {
      EXPECT_NEAR(weights[m], after[i].combination.weights[m], 1e-3) << m;
    }
    for (std::size_t j = 0; j < before[i].oof.values.size(); ++j) {
      EXPECT_NEAR(before[i].oof.values[j], after[i].oof.values[j], 1e-3);
    }
  }
}

TEST(CrossFit, OfIdenticalMembersIsTheMember) {
  Problem made = problem(400, 4, {1.5F});
  const auto alone = made.fit(all_methods());
  for (int copy = 1; copy < 7; ++copy) {
    made.matrices.push_back(made.matrices[0]);
    made.names.push_back("m" + std::to_string(copy));
  }
  const auto fitted = made.fit(all_methods());
  for (std::size_t i = 0; i < fitted.size(); ++i) {
    SCOPED_TRACE(fitted[i].method);
    if (fitted[i].method == "stack") {  // has biases of its own, and the penalty knows the number of members
      EXPECT_NEAR(accuracy_of(fitted[i], made), accuracy_of(alone[i], made), 0.01);
      continue;
    }
    EXPECT_EQ(most_probable(fitted[i].oof), most_probable(made.matrices[0]));
    EXPECT_EQ(most_probable(alone[i].oof), most_probable(made.matrices[0]));
  }
}

TEST(CrossFit, DoesNotDependOnThreads) {
  const Problem made = problem(400, 4, {1.5F, 1.2F, 0.8F, 1.0F, 0.5F, 1.4F});
  Context three;
  three.threads = 3;
  const auto one = made.fit(all_methods());
  const auto more = made.fit(all_methods(), {}, three);
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].oof.values, more[i].oof.values) << one[i].method;
    EXPECT_EQ(one[i].combination.json(), more[i].combination.json());
  }
}

TEST(CrossFit, TakesMembersThatLackRows) {
  Problem made = problem(600, 4, {1.5F, 1.2F, 1.0F});
  for (std::int64_t i = 0; i < 200; ++i) make_missing(made.matrices[0], 3 * i);
  for (Matrix& matrix : made.matrices) make_missing(matrix, 7);
  made.folds[8] = -1;  // never held out, and yet there
  for (const CrossFitted& fitted : made.fit(all_methods())) {
    SCOPED_TRACE(fitted.method);
    const Scores scores = score(fitted.oof, made.labels);
    EXPECT_EQ(scores.rows, 599);
    EXPECT_GT(scores.accuracy, 0.6);
    EXPECT_TRUE(is_missing(fitted.oof.row(7)));
    EXPECT_FALSE(is_missing(fitted.oof.row(8)));
  }
}

TEST(CrossFit, TakesAClassThatAFoldNeverSaw) {
  Problem made = problem(500, 5, {1.5F, 1.2F, 1.0F});
  for (std::size_t i = 0; i < made.labels.size(); ++i) {
    if (made.labels[i] == 4 && made.folds[i] != 1) made.labels[i] = 0;
  }
  for (Matrix& matrix : made.matrices) {
    for (std::int64_t i = 1; i < matrix.rows; i += 5) matrix.row(i)[4] = 0;
  }
  for (const CrossFitted& fitted : made.fit(all_methods())) {
    const Scores scores = score(fitted.oof, made.labels);
    EXPECT_TRUE(std::isfinite(scores.log_loss)) << fitted.method;
    EXPECT_EQ(scores.rows, 500);
  }
}

TEST(CrossFit, TakesFewFolds) {
  for (const int folds : {1, 2, 3}) {
    const Problem made = problem(500, 4, {1.5F, 1.2F, 0.3F}, folds);
    for (const CrossFitted& fitted : made.fit(all_methods())) {
      SCOPED_TRACE(fitted.method + " over " + std::to_string(folds));
      EXPECT_EQ(fitted.without_fold.size(), static_cast<std::size_t>(folds));
      EXPECT_GT(accuracy_of(fitted, made), 0.6);
      // Of one fold nothing may be fitted without it.
      if (folds > 1) continue;
      EXPECT_EQ(fitted.without_fold[0].weights, (std::vector<double>(3, 1.0 / 3)));
    }
  }
}

TEST(CrossFit, TakesVeryFewRows) {
  const Problem made = problem(6, 3, {1.5F, 1.2F}, 3);
  for (const CrossFitted& fitted : made.fit(all_methods())) {
    EXPECT_EQ(score(fitted.oof, made.labels).rows, 6) << fitted.method;
  }
}

TEST(CrossFit, CalibratesOnlyWhereItHelps) {
  Problem made = problem(2000, 5, {1.5F, 1.0F});
  for (Matrix& matrix : made.matrices) {
    for (std::int64_t i = 0; i < matrix.rows; ++i) {
      float sum = 0;
      for (float& value : matrix.row(i)) sum += value = std::pow(value, 4.0F);
      for (float& value : matrix.row(i)) value /= sum;
    }
  }
  const auto with = made.fit({"mean"});
  const auto without = made.fit({"mean"}, {.calibrate = false});
  // Scores around 0 and a truth 1.5 above them, of variance 1: the log-odds are 1.5 times their difference,
  // and then four times too large.
  EXPECT_NEAR(with[0].combination.member_temperatures[0], 4 / 1.5, 0.25);
  EXPECT_EQ(without[0].combination.member_temperatures[0], 1);
  EXPECT_LT(score(with[0].oof, made.labels).log_loss, score(without[0].oof, made.labels).log_loss - 0.1);
}

TEST(Greedy, StartsWithTheBestAndLeavesOutTheWorst) {
  const Problem made = problem(1000, 5, {2.5F, 0.0F, 2.4F, 0.0F});
  // By accuracy a member of noise may turn a row or two.
  const auto fitted = made.fit({"greedy"}, {.metric = Metric::log_loss});
  const auto& weights = fitted[0].combination.weights;
  EXPECT_GT(std::min(weights[0], weights[2]), std::max(weights[1], weights[3]));
  EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-12);
}

TEST(Choose, PrefersTheLowestLogLossAmongEquals) {
  const std::vector<int> labels = {0, 0, 0, 0, 1, 1, 1, 1};
  Matrix sure(8, 2);
  Matrix unsure(8, 2);
  Matrix wrong(8, 2);
  for (std::int64_t i = 0; i < 8; ++i) {
    const auto truth = static_cast<std::size_t>(labels[static_cast<std::size_t>(i)]);
    sure.row(i)[truth] = 0.9F;
    sure.row(i)[1 - truth] = 0.1F;
    unsure.row(i)[truth] = 0.6F;
    unsure.row(i)[1 - truth] = 0.4F;
    wrong.row(i)[truth] = 0.1F;
    wrong.row(i)[1 - truth] = 0.9F;
  }
  std::swap(sure.row(0)[0], sure.row(0)[1]);  // one less right, but not to be told from `unsure`
  const std::vector<const Matrix*> candidates = {&wrong, &unsure, &sure};
  EXPECT_EQ(choose(candidates, labels, Metric::accuracy), 2);
  EXPECT_EQ(choose(candidates, labels, Metric::log_loss), 2);
  EXPECT_EQ(choose(std::vector<const Matrix*>{&wrong, &unsure}, labels, Metric::accuracy), 1);
  EXPECT_EQ(choose({}, labels, Metric::accuracy), -1);
}

TEST(CrossFit, RefusesWhatDoesNotFit) {
  Problem made = problem(20, 3, {1.0F, 1.0F});
  EXPECT_ERROR((void)made.fit({"gredy"}), InputError, "'gredy' is not a method");
  made.matrices[1] = Matrix(20, 4);
  EXPECT_ERROR((void)made.fit({"mean"}), Error, "the matrix of member 'm1' is 20 x 4; 20 x 3");
  made.matrices.pop_back();
  EXPECT_ERROR((void)made.fit({"mean"}), Error, "1 matrices have 2 names");
}

}  // namespace
}  // namespace quire::test
