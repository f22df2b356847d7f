#include "quire/linear/svm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "linear/linear_golden.h"
#include "quire/base/error.h"
#include "quire/base/random.h"
#include "quire/linear/linear_model.h"

namespace quire {
namespace {

using test::LinearCase;

void expect_scikit_learn(const std::string& file) {
  for (const LinearCase& one : test::linear_cases(file)) {
    const SparseMatrix features = test::sparse_of(one.features);
    for (const auto& expected : one.svm) {
      SCOPED_TRACE(one.name + ", C " + expected.at("C").dump());
      SvmOptions options;
      options.c = expected.at("C").get<double>();
      options.class_weights = one.class_weights;
      options.tolerance = 1e-10;
      options.max_iterations = 1000000;
      const SvmFit fit = fit_svm(features, one.labels, one.classes, options, {});
      EXPECT_TRUE(fit.converged);
      const Matrix weights = test::matrix_of(expected.at("weights"));
      const auto bias = expected.at("bias").get<std::vector<double>>();
      for (std::int64_t k = 0; k < weights.rows; ++k) {
        // Of two classes scikit-learn has the second.
        const std::int64_t label = one.classes == 2 ? 1 : k;
        for (std::int64_t j = 0; j < weights.cols; ++j) {
          EXPECT_NEAR(fit.weights.row(label)[static_cast<std::size_t>(j)],
                      weights.row(k)[static_cast<std::size_t>(j)], 1e-6);
        }
        EXPECT_NEAR(fit.bias[static_cast<std::size_t>(label)], bias[static_cast<std::size_t>(k)], 1e-6);
      }
    }
  }
}

TEST(Svm, HasTheWeightsOfScikitLearn) { expect_scikit_learn("cases.json"); }
TEST(Svm, WithClassWeightsHasTheWeightsOfScikitLearn) { expect_scikit_learn("weighted.json"); }

TEST(Svm, OfDenseRowsIsThatOfSparseOnes) {
  for (const LinearCase& one : test::linear_cases()) {
    SvmOptions options;
    options.tolerance = 1e-10;
    options.max_iterations = 1000000;
    const SvmFit sparse = fit_svm(to_sparse(one.features), one.labels, one.classes, options, {});
    const SvmFit dense = fit_svm(one.features, one.labels, one.classes, options, {});
    EXPECT_TRUE(dense.converged);
    for (std::size_t i = 0; i < sparse.weights.values.size(); ++i)
      EXPECT_NEAR(dense.weights.values[i], sparse.weights.values[i], 1e-6) << one.name;
    for (std::size_t i = 0; i < sparse.bias.size(); ++i) EXPECT_NEAR(dense.bias[i], sparse.bias[i], 1e-6);
  }
}

TEST(SparseMatrix, HoldsTheZerosOfADenseOneToo) {
  Matrix dense(2, 3);
  dense.values = {1, 0, 2, 0, 0, 3};
  const SparseMatrix sparse = to_sparse(dense);
  EXPECT_EQ(sparse.rows, 2);
  EXPECT_EQ(sparse.cols, 3);
  EXPECT_EQ(sparse.begins, (std::vector<std::int64_t>{0, 3, 6}));
  EXPECT_EQ(sparse.columns, (std::vector<std::int32_t>{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(sparse.values, dense.values);
}

TEST(Svm, OfTwoClassesIsItsOwnMirrorImage) {
  const LinearCase one = test::linear_cases().back();
  ASSERT_EQ(one.classes, 2);
  const SvmFit fit = fit_svm(test::sparse_of(one.features), one.labels, 2, {}, {});
  for (std::size_t j = 0; j < fit.weights.row(0).size(); ++j) {
    EXPECT_EQ(fit.weights.row(0)[j], -fit.weights.row(1)[j]);
  }
  EXPECT_EQ(fit.bias[0], -fit.bias[1]);
}

TEST(Svm, DoesNotDependOnThreads) {
  const LinearCase one = test::linear_cases().front();
  const SparseMatrix features = test::sparse_of(one.features);
  Context three;
  three.threads = 3;
  const SvmFit a = fit_svm(features, one.labels, one.classes, {}, {});
  const SvmFit b = fit_svm(features, one.labels, one.classes, {}, three);
  EXPECT_EQ(a.weights.values, b.weights.values);
  EXPECT_EQ(a.bias, b.bias);
}

TEST(Svm, NeverPrefersAClassWithoutRows) {
  const LinearCase one = test::linear_cases().front();
  const SvmFit fit = fit_svm(test::sparse_of(one.features), one.labels, one.classes + 1, {}, {});
  const Matrix scores = LinearModel(fit.weights, fit.bias).scores(one.features, {});
  for (std::int64_t i = 0; i < scores.rows; ++i) {
    const auto row = scores.row(i);
    EXPECT_LT(row.back(), *std::max_element(row.begin(), row.end()));
  }
}

// A class of weight 3, where it is told from the rest, is one whose rows are there three times; of two
// classes both count so.
TEST(Svm, AClassWeightCountsTheClassesOwnRowsSoOften) {
  for (const LinearCase& one : test::linear_cases()) {
    SvmOptions options;
    options.tolerance = 1e-10;
    options.max_iterations = 1000000;
    std::vector<float> weights(static_cast<std::size_t>(one.classes), 2.0F);
    weights[0] = 3;
    for (int label = 0; label < one.classes; ++label) {
      Matrix repeated(0, one.features.cols);
      std::vector<int> labels;
      for (std::int64_t row = 0; row < one.features.rows; ++row) {
        const int own = one.labels[static_cast<std::size_t>(row)];
        const float times = own == label || one.classes == 2 ? weights[static_cast<std::size_t>(own)] : 1.0F;
        for (float i = 0; i < times; ++i) {
          const auto values = one.features.row(row);
          repeated.values.insert(repeated.values.end(), values.begin(), values.end());
          ++repeated.rows;
          labels.push_back(own);
        }
      }
      options.class_weights = {};
      const SvmFit expected = fit_svm(repeated, labels, one.classes, options, {});
      options.class_weights = weights;
      const SvmFit found = fit_svm(one.features, one.labels, one.classes, options, {});
      EXPECT_TRUE(found.converged);
      for (std::int64_t j = 0; j < one.features.cols; ++j) {
        EXPECT_NEAR(found.weights.row(label)[static_cast<std::size_t>(j)],
                    expected.weights.row(label)[static_cast<std::size_t>(j)], 1e-6)
            << one.name << ", class " << label;
      }
    }
  }
}

TEST(Svm, RowsOfAClassOfWeightZeroCountForNothing) {
  const LinearCase one = test::linear_cases().back();
  ASSERT_EQ(one.classes, 2);
  const std::vector<float> weights = {0, 1};
  const SvmFit fit = fit_svm(one.features, one.labels, 2, {.class_weights = weights, .stage = {}}, {});
  EXPECT_TRUE(fit.converged);
  EXPECT_GT(fit.bias[1], 0);
  for (const float value : fit.weights.values) EXPECT_TRUE(std::isfinite(value));
}

TEST(Svm, RefusesWhatCannotBeFitted) {
  const LinearCase one = test::linear_cases().front();
  const SparseMatrix features = test::sparse_of(one.features);
  SvmOptions options;
  options.c = -1;
  EXPECT_ERROR((void)fit_svm(features, one.labels, one.classes, options, {}), InputError, "C is -1");
  EXPECT_ERROR((void)fit_svm(features, one.labels, 2, {}, {}), Error, "is not one of 2 classes");
}

TEST(Svm, StopsWhenAsked) {
  const LinearCase one = test::linear_cases().front();
  const StopSignal stop{2};
  Context context;
  context.stop = &stop;
  EXPECT_THROW((void)fit_svm(test::sparse_of(one.features), one.labels, one.classes, {}, context),
               Interrupted);
}

// Labels drawn from the softmax of scores that are then multiplied: the temperature undoes it.
TEST(Temperature, IsFoundAgain) {
  Random random(3, Purpose::test);
  Matrix scores(20000, 3);
  for (float& value : scores.values) value = 2 * random.normal();
  Matrix probabilities = scores;
  softmax_rows(probabilities, 1, {});
  std::vector<int> labels;
  for (std::int64_t i = 0; i < scores.rows; ++i) {
    const float draw = random.uniform();
    const auto row = probabilities.row(i);
    labels.push_back(draw < row[0] ? 0 : draw < row[0] + row[1] ? 1 : 2);
  }
  for (const float factor : {0.1F, 1.0F, 7.0F}) {
    Matrix scaled = scores;
    for (float& value : scaled.values) value *= factor;
    EXPECT_NEAR(fit_temperature(scaled, labels) / factor, 1, 0.05);
  }
}

TEST(LinearModel, GivesBackItsWeights) {
  Matrix weights(3, 5);
  for (std::size_t i = 0; i < weights.values.size(); ++i) weights.values[i] = static_cast<float>(i);
  const std::vector<float> bias = {-1, 0, 1};
  const LinearModel model(weights, bias);
  EXPECT_EQ(model.weights().values, weights.values);
  EXPECT_EQ(model.bias(), bias);
  EXPECT_ERROR((void)model.scores(Matrix(1, 4), {}), Error, "5 features was given rows of 4");
}

}  // namespace
}  // namespace quire
