#include "quire/linear/logistic.h"

#include <gtest/gtest.h>

#include <cmath>

#include "linear/linear_golden.h"
#include "quire/base/error.h"
#include "quire/base/random.h"
#include "quire/linear/linear_model.h"

namespace quire {
namespace {

using test::LinearCase;

LogisticOptions to_the_end(double c) {
  LogisticOptions options;
  options.c = c;
  options.tolerance = 1e-9;
  options.max_iterations = 5000;
  return options;
}

// With two classes scikit-learn has the difference of ours.
void expect_weights(const LinearCase& one, const LogisticFit& fit, const nlohmann::json& expected) {
  const Matrix weights = test::matrix_of(expected.at("weights"));
  const auto bias = expected.at("bias").get<std::vector<float>>();
  for (std::int64_t k = 0; k < weights.rows; ++k) {
    for (std::int64_t j = 0; j <= weights.cols; ++j) {
      const auto value = [&](std::int64_t label) {
        return j == weights.cols ? fit.bias[static_cast<std::size_t>(label)]
                                 : fit.weights.row(label)[static_cast<std::size_t>(j)];
      };
      const float truth =
          j == weights.cols ? bias[static_cast<std::size_t>(k)] : weights.row(k)[static_cast<std::size_t>(j)];
      const float found = one.classes == 2 ? value(1) - value(0) : value(k);
      EXPECT_NEAR(found, truth, 1e-6 * (1 + std::abs(truth)))
          << one.name << ", class " << k << ", feature " << j;
    }
  }
}

// scikit-learn's bias is free up to a constant, which L-BFGS from zero leaves at zero.
TEST(Logistic, HasTheWeightsOfScikitLearn) {
  for (const LinearCase& one : test::linear_cases()) {
    for (const auto& expected : one.logistic) {
      const auto options = to_the_end(expected.at("C").get<double>());
      const LogisticFit dense = fit_logistic(one.features, one.labels, one.classes, options, {});
      EXPECT_TRUE(dense.converged) << one.name << ": gradient " << dense.gradient;
      expect_weights(one, dense, expected);
      const LogisticFit sparse =
          fit_logistic(test::sparse_of(one.features), one.labels, one.classes, options, {});
      EXPECT_TRUE(sparse.converged);
      expect_weights(one, sparse, expected);
    }
  }
}

TEST(Logistic, HasTheProbabilitiesOfScikitLearn) {
  for (const LinearCase& one : test::linear_cases()) {
    for (const auto& expected : one.logistic) {
      const auto options = to_the_end(expected.at("C").get<double>());
      const LogisticFit fit = fit_logistic(one.features, one.labels, one.classes, options, {});
      Matrix found = LinearModel(fit.weights, fit.bias).scores(one.features, {});
      softmax_rows(found, 1, {});
      const Matrix truth = test::matrix_of(expected.at("probabilities"));
      for (std::size_t i = 0; i < truth.values.size(); ++i) {
        EXPECT_NEAR(found.values[i], truth.values[i], 1e-6) << one.name;
      }
    }
  }
}

// Large enough that threads share every loop.
struct Noise {
  Matrix features{3000, 120};
  std::vector<int> labels;

  Noise() {
    Random random(7, Purpose::test);
    for (float& value : features.values) value = random.uniform() < 0.9F ? 0.0F : random.normal();
    for (std::int64_t i = 0; i < features.rows; ++i) labels.push_back(static_cast<int>(random.below(11)));
  }
};

TEST(Logistic, DoesNotDependOnThreads) {
  const Noise noise;
  Context one, three;
  three.threads = 3;
  LogisticOptions options;
  options.c = 5;
  const LogisticFit dense1 = fit_logistic(noise.features, noise.labels, 11, options, one);
  const LogisticFit dense3 = fit_logistic(noise.features, noise.labels, 11, options, three);
  EXPECT_EQ(dense1.weights.values, dense3.weights.values);
  EXPECT_EQ(dense1.bias, dense3.bias);
  const SparseMatrix sparse = test::sparse_of(noise.features);
  const LogisticFit sparse1 = fit_logistic(sparse, noise.labels, 11, options, one);
  const LogisticFit sparse3 = fit_logistic(sparse, noise.labels, 11, options, three);
  EXPECT_EQ(sparse1.weights.values, sparse3.weights.values);
  EXPECT_EQ(sparse1.bias, sparse3.bias);
}

TEST(Logistic, BeginsWhereAnotherFitEnded) {
  const Noise noise;
  LogisticOptions options;
  const LogisticFit first = fit_logistic(noise.features, noise.labels, 11, options, {});
  ASSERT_TRUE(first.converged);
  ASSERT_GT(first.iterations, 3);
  options.start = &first;
  options.tolerance = 1.1 * first.gradient;  // the start was rounded to float
  const LogisticFit again = fit_logistic(noise.features, noise.labels, 11, options, {});
  EXPECT_TRUE(again.converged);
  EXPECT_LE(again.iterations, 1);
}

TEST(Logistic, GivesAClassWithoutRowsTheLeastProbability) {
  Noise noise;
  for (int& label : noise.labels) label = label == 4 ? 5 : label;
  const LogisticFit fit = fit_logistic(noise.features, noise.labels, 11, {}, {});
  EXPECT_TRUE(fit.converged);
  for (const float weight : fit.weights.row(4)) EXPECT_EQ(weight, 0);
  Matrix probabilities = LinearModel(fit.weights, fit.bias).scores(noise.features, {});
  softmax_rows(probabilities, 1, {});
  for (std::int64_t i = 0; i < probabilities.rows; ++i) {
    EXPECT_GT(probabilities.row(i)[4], 0);
    EXPECT_LT(probabilities.row(i)[4], 1.0 / 3000);
  }
}

TEST(Logistic, FitsASingleClass) {
  const Noise noise;
  const std::vector<int> labels(noise.labels.size(), 2);
  const LogisticFit fit = fit_logistic(noise.features, labels, 3, {}, {});
  EXPECT_TRUE(fit.converged);
  Matrix probabilities = LinearModel(fit.weights, fit.bias).scores(noise.features, {});
  softmax_rows(probabilities, 1, {});
  EXPECT_GT(probabilities.row(0)[2], 0.99);
}

TEST(Logistic, WithClassWeightsHasTheWeightsOfScikitLearn) {
  for (const LinearCase& one : test::linear_cases("weighted.json")) {
    for (const auto& expected : one.logistic) {
      LogisticOptions options = to_the_end(expected.at("C").get<double>());
      options.class_weights = one.class_weights;
      const LogisticFit fit = fit_logistic(one.features, one.labels, one.classes, options, {});
      EXPECT_TRUE(fit.converged);
      expect_weights(one, fit, expected);
    }
  }
}

// A class of weight 3 is one whose rows are there three times.
TEST(Logistic, AClassWeightCountsRowsSoOften) {
  for (const LinearCase& one : test::linear_cases()) {
    std::vector<float> weights(static_cast<std::size_t>(one.classes), 1.0F);
    weights[0] = 3;
    weights.back() = 2;
    Matrix repeated(0, one.features.cols);
    std::vector<int> labels;
    for (std::int64_t row = 0; row < one.features.rows; ++row) {
      const int label = one.labels[static_cast<std::size_t>(row)];
      for (float i = 0; i < weights[static_cast<std::size_t>(label)]; ++i) {
        const auto values = one.features.row(row);
        repeated.values.insert(repeated.values.end(), values.begin(), values.end());
        ++repeated.rows;
        labels.push_back(label);
      }
    }
    LogisticOptions options = to_the_end(1.5);
    const LogisticFit expected = fit_logistic(repeated, labels, one.classes, options, {});
    options.class_weights = weights;
    const LogisticFit found = fit_logistic(one.features, one.labels, one.classes, options, {});
    EXPECT_TRUE(found.converged);
    for (std::size_t i = 0; i < expected.weights.values.size(); ++i)
      EXPECT_NEAR(found.weights.values[i], expected.weights.values[i], 1e-6) << one.name;
    for (std::size_t i = 0; i < expected.bias.size(); ++i)
      EXPECT_NEAR(found.bias[i], expected.bias[i], 1e-5) << one.name;
  }
}

TEST(Logistic, RefusesWhatCannotBeFitted) {
  const Noise noise;
  LogisticOptions options;
  options.c = 0;
  EXPECT_ERROR((void)fit_logistic(noise.features, noise.labels, 11, options, {}), InputError, "C is 0");
  EXPECT_ERROR((void)fit_logistic(noise.features, noise.labels, 10, {}, {}), Error, "label 10");
  const std::vector<float> weights(10, 1.0F);
  EXPECT_ERROR(
      (void)fit_logistic(noise.features, noise.labels, 11, {.class_weights = weights, .stage = {}}, {}),
      Error, "10 weights were given for 11 classes");
  const std::vector<int> few(5);
  EXPECT_ERROR((void)fit_logistic(noise.features, few, 11, {}, {}), Error, "5 labels");
}

TEST(Logistic, StopsWhenAsked) {
  const Noise noise;
  const StopSignal stop{15};
  Context context;
  context.stop = &stop;
  EXPECT_THROW((void)fit_logistic(noise.features, noise.labels, 11, {}, context), Interrupted);
}

TEST(SparseMatrix, TransposedTwiceIsItself) {
  const Noise noise;
  const SparseMatrix sparse = test::sparse_of(noise.features);
  const SparseMatrix back = transpose(transpose(sparse));
  EXPECT_EQ(back.begins, sparse.begins);
  EXPECT_EQ(back.columns, sparse.columns);
  EXPECT_EQ(back.values, sparse.values);
}

}  // namespace
}  // namespace quire
