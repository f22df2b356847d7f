// Every instruction set this CPU runs against plain arithmetic.
#include "quire/kernels/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "quire/base/random.h"

namespace quire::test {
namespace {

using kernels::Table;

std::vector<float> normals(std::size_t count, std::uint32_t stream) {
  Random random(1, Purpose::test, stream);
  std::vector<float> values(count);
  for (float& value : values) value = random.normal();
  return values;
}

class EveryTable : public ::testing::TestWithParam<const Table*> {};

TEST_P(EveryTable, DropoutDrawsArePhiloxAndDoNotDependOnWhereTheyStart) {
  const kernels::DropoutStream stream{.seed = 0x123456789ABCDEF, .epoch = 4, .document = 17, .site = 1025};
  const kernels::DropoutRate rate(0.25);
  std::vector<float> all(1000);
  GetParam()->keep_multipliers(all.data(), 0, 1000, stream, rate);
  for (std::uint32_t element = 0; element < 1000; ++element) {
    const std::uint32_t draw = element % 128;
    const PhiloxBlock block =
        philox4x32({element / 128 * 16 + draw % 16, stream.site, stream.document, stream.epoch}, stream.seed);
    const std::uint32_t bits = (block[draw / 32] >> (draw / 16 % 2 * 16)) & 0xFFFF;
    EXPECT_EQ(all[element], bits < rate.threshold ? 0.0F : rate.scale) << element;
  }
  for (const std::int64_t first : {1, 127, 128, 300}) {
    std::vector<float> part(200);
    GetParam()->keep_multipliers(part.data(), first, 200, stream, rate);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin() + first));
  }
}

TEST_P(EveryTable, SoftmaxSumsToOneAndMatchesExp) {
  for (const std::size_t width : {1, 15, 16, 17, 300}) {
    std::vector<float> x = normals(width, 3);
    for (float& value : x) value *= 20;
    std::vector<double> expected;
    const float max = *std::max_element(x.begin(), x.end());
    double total = 0;
    for (const float value : x) {
      expected.push_back(std::exp(0.5 * (static_cast<double>(value) - static_cast<double>(max))));
      total += expected.back();
    }
    GetParam()->softmax(x.data(), static_cast<std::int64_t>(width), 0.5F);
    for (std::size_t i = 0; i < width; ++i) {
      EXPECT_NEAR(static_cast<double>(x[i]), expected[i] / total, 1e-6 * expected[i] / total + 1e-12)
          << width;
    }
  }
}

TEST_P(EveryTable, GeluAndItsSlopeMatchErf) {
  constexpr std::int64_t kCount = 801;
  std::vector<float> sum(kCount);
  std::vector<float> bias(kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    bias[i] = static_cast<float>(i % 7);
    sum[i] = static_cast<float>(i) * 0.05F - 20 - bias[i];
  }
  std::vector<float> value(kCount);
  std::vector<float> gradient(kCount, 2.0F);
  std::vector<float> bias_gradient(kCount, 1.0F);
  GetParam()->bias_gelu(sum.data(), bias.data(), value.data(), kCount);
  GetParam()->gelu_backward(sum.data(), gradient.data(), bias_gradient.data(), kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    const double x = static_cast<double>(sum[i]);
    EXPECT_NEAR(x, static_cast<double>(i) * 0.05 - 20, 1e-5);
    const double cumulative = 0.5 * std::erfc(-x / std::sqrt(2.0));
    const double slope = cumulative + x * std::exp(-0.5 * x * x) / std::sqrt(2 * M_PI);
    EXPECT_NEAR(static_cast<double>(value[i]), x * cumulative, 2e-7 * std::max(1.0, std::abs(x))) << x;
    EXPECT_NEAR(static_cast<double>(gradient[i]), 2 * slope, 8e-7) << x;
    EXPECT_EQ(bias_gradient[i], 1.0F + gradient[i]);
  }
}

TEST_P(EveryTable, LstmCellIsItsFormula) {
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  for (const std::size_t width : {1, 16, 37}) {
    std::vector<float> sums = normals(4 * width, 6);
    sums[0] = 100;  // saturated
    sums[3 * width] = -100;
    const std::vector<float> recurrent = normals(4 * width, 7);
    const std::vector<float> before = normals(width, 8);
    std::vector<float> gates(4 * width);
    std::vector<float> cell = before;
    std::vector<float> hidden(width);
    GetParam()->lstm_cell(sums.data(), recurrent.data(), static_cast<std::int64_t>(width), gates.data(),
                          cell.data(), cell.data(), hidden.data());
    for (std::size_t i = 0; i < width; ++i) {
      const auto sum = [&](std::size_t gate) {
        return static_cast<double>(sums[gate * width + i]) + static_cast<double>(recurrent[gate * width + i]);
      };
      const double next =
          sigmoid(sum(1)) * static_cast<double>(before[i]) + sigmoid(sum(0)) * std::tanh(sum(2));
      EXPECT_NEAR(static_cast<double>(cell[i]), next, 1e-6);
      EXPECT_NEAR(static_cast<double>(hidden[i]), sigmoid(sum(3)) * std::tanh(next), 1e-6);
      EXPECT_NEAR(static_cast<double>(gates[2 * width + i]), std::tanh(sum(2)), 1e-6);
    }
  }
}

TEST_P(EveryTable, SumOfSquaresIsExactEnough) {
  const std::vector<float> x = normals(100003, 4);
  double expected = 0;
  for (const float value : x) expected += static_cast<double>(value) * static_cast<double>(value);
  EXPECT_NEAR(GetParam()->sum_of_squares(x.data(), 100003), expected, 1e-9 * expected);
}

kernels::AdamWStep adamw_step(int t) {
  return {.learning_rate = 1e-2F / static_cast<float>(t),
          .beta2 = 0.999F,
          .epsilon = 1e-8F,
          .weight_decay = 0.1F,
          .complement1 = 0.1F,
          .complement2 = 0.001F,
          .bias_correction1 = static_cast<float>(1 - std::pow(0.9, t)),
          .bias_correction2_sqrt = static_cast<float>(std::sqrt(1 - std::pow(0.999, t))),
          .gradient_scale = 0.5F};
}

TEST_P(EveryTable, MissedStepsAreStepsWithAZeroGradientHoweverTheyAreCut) {
  constexpr std::int64_t kWidth = 35;
  constexpr int kMissed = 300;  // long enough for every momentum to be dropped
  struct Row {
    std::vector<float> weights = normals(kWidth, 5), first = normals(kWidth, 6), second = normals(kWidth, 7);
    bool operator==(const Row&) const = default;
  };
  Row start;
  for (float& v : start.second) v = v * v;
  for (std::size_t i = 0; i < 3; ++i) start.first[i] = start.second[i] = 0;  // never learned anything
  std::vector<kernels::AdamWStep> steps;
  for (int t = 1; t <= kMissed; ++t) steps.push_back(adamw_step(t));

  Row dense = start;
  const std::vector<float> zeros(kWidth);
  for (const kernels::AdamWStep& step : steps)
    GetParam()->adamw(dense.weights.data(), zeros.data(), dense.first.data(), dense.second.data(), kWidth,
                      step);
  const auto missed = [&](const std::vector<std::int64_t>& cuts) {
    Row row = start;
    std::int64_t from = 0;
    for (const std::int64_t to : cuts) {
      GetParam()->adamw_missed(row.weights.data(), row.first.data(), row.second.data(), kWidth,
                               steps.data() + from, to - from);
      from = to;
    }
    return row;
  };
  const Row whole = missed({kMissed});
  for (std::size_t i = 0; i < kWidth; ++i) {
    EXPECT_NEAR(whole.weights[i], dense.weights[i], 2e-7 * std::max(1.0F, std::abs(dense.weights[i]))) << i;
    EXPECT_NEAR(whole.first[i], dense.first[i], 1.01e-5F * std::sqrt(dense.second[i])) << i;
    EXPECT_EQ(whole.second[i], dense.second[i]) << i;
  }
  EXPECT_EQ(whole, missed({1, 2, 3, 50, 51, kMissed}));
  EXPECT_EQ(whole, missed({7, 140, 141, 217, 218, 299, kMissed}));
}

INSTANTIATE_TEST_SUITE_P(Kernels, EveryTable, ::testing::ValuesIn(kernels::available_tables()),
                         [](const auto& family) { return family.param->name; });

}  // namespace
}  // namespace quire::test
