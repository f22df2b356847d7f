// Linear layers and the feed-forward block against their twins of plain ATen operations.
#include "nn/ops/linear.h"

#include "nn/golden.h"

namespace quire::test {
namespace {

using nn::Implementation;
using nn::Precision;

nn::Linear random_layer(std::int64_t in, std::int64_t out, Precision precision) {
  nn::Linear layer;
  layer.weight = (at::randn({out, in}) / std::sqrt(static_cast<double>(in))).requires_grad_();
  layer.bias = at::randn({out}).requires_grad_();
  layer.precision = precision;
  layer.packed = std::make_shared<nn::PackedWeight>();
  return layer;
}

struct Outcome {
  at::Tensor value;
  std::vector<at::Tensor> gradients;
};

// `function` of x, and the gradients of x and of the layers' parameters.
template <typename Function>
Outcome run(const at::Tensor& x_in, const at::Tensor& weights, const std::vector<nn::Linear>& layers,
            Function function) {
  const at::Tensor x = x_in.clone().requires_grad_();
  Outcome outcome{function(x), {}};
  (outcome.value * weights).sum().backward();
  outcome.gradients.push_back(x.grad());
  for (const nn::Linear& layer : layers) {
    for (const at::Tensor& parameter : {layer.weight, layer.bias}) {
      outcome.gradients.push_back(parameter.grad());
      parameter.mutable_grad() = at::Tensor();
    }
  }
  return outcome;
}

void expect_close(const Outcome& found, const Outcome& expected, double forward, double backward) {
  EXPECT_LE(relative_error(found.value, expected.value), forward);
  for (std::size_t i = 0; i < expected.gradients.size(); ++i) {
    EXPECT_LE(relative_error(found.gradients[i], expected.gradients[i]), backward) << "gradient " << i;
  }
}

class Precisions : public ::testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    at::manual_seed(4);
    if (GetParam() == Precision::bf16 && !kernels::bf16_available()) {
      QUIRE_SKIP("bf16", kernels::bf16_choice());
    }
  }
};

TEST_P(Precisions, LinearEqualsItsTwin) {
  for (const std::int64_t tokens : {1, 15, 17, 300, 2047}) {
    for (const auto& [in, out] : {std::pair(24, 50), {33, 7}, {64, 256}}) {
      const nn::Linear layer = random_layer(in, out, GetParam());
      const at::Tensor x = at::randn({tokens, in});
      const at::Tensor weights = at::randn({tokens, out});
      const auto outcome = [&](Implementation implementation) {
        return run(x, weights, {layer},
                   [&](const at::Tensor& input) { return nn::linear(input, layer, implementation); });
      };
      expect_close(outcome(Implementation::automatic), outcome(Implementation::aten), 1e-6, 1e-5);
    }
  }
}

TEST_P(Precisions, FeedForwardEqualsItsTwin) {
  // Where both sums are near the middle of two bfloat16 numbers they may round to either: one of
  // 50 operands of the outer product then moves by up to 1/256.
  const double backward = GetParam() == Precision::bf16 ? 5e-4 : 1e-5;
  const double forward = GetParam() == Precision::bf16 ? 5e-4 : 1e-6;
  for (const std::int64_t tokens : {1, 15, 17, 300, 2047}) {
    for (const auto& [hidden, width] : {std::pair(24, 50), {33, 7}, {64, 256}}) {
      const nn::Linear inner = random_layer(hidden, width, GetParam());
      const nn::Linear outer = random_layer(width, hidden, GetParam());
      const at::Tensor x = at::randn({tokens, hidden});
      const at::Tensor weights = at::randn({tokens, hidden});
      const auto outcome = [&](Implementation implementation) {
        return run(x, weights, {inner, outer}, [&](const at::Tensor& input) {
          return nn::feed_forward(input, inner, outer, implementation);
        });
      };
      expect_close(outcome(Implementation::automatic), outcome(Implementation::aten), forward, backward);
    }
  }
}

// In float32 the products are ATen's, which does not promise it.
class RoundedProducts : public Precisions {};

TEST_P(RoundedProducts, DoNotDependOnTheNumberOfThreads) {
  const nn::Linear inner = random_layer(96, 200, GetParam());
  const nn::Linear outer = random_layer(200, 96, GetParam());
  const at::Tensor x = at::randn({700, 96});
  const at::Tensor weights = at::randn({700, 96});
  const int before = at::get_num_threads();
  const auto outcome = [&](int threads) {
    at::set_num_threads(threads);
    return run(x, weights, {inner, outer},
               [&](const at::Tensor& input) { return nn::feed_forward(input, inner, outer); });
  };
  const Outcome one = outcome(1);
  const Outcome two = outcome(2);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one.value, two.value));
  for (std::size_t i = 0; i < one.gradients.size(); ++i)
    EXPECT_TRUE(at::equal(one.gradients[i], two.gradients[i])) << i;
}

TEST_P(Precisions, SeeAWeightThatChanged) {
  const nn::Linear layer = random_layer(40, 30, GetParam());
  const at::Tensor x = at::randn({20, 40});
  const at::NoGradGuard no_grad;
  const at::Tensor before = nn::linear(x, layer);
  layer.weight.mul_(2);
  layer.bias.mul_(2);
  EXPECT_LE(relative_error(nn::linear(x, layer), before * 2), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Linear, Precisions, ::testing::Values(Precision::fp32, Precision::bf16),
                         [](const auto& precision) {
                           return precision.param == Precision::bf16 ? "bf16" : "fp32";
                         });
INSTANTIATE_TEST_SUITE_P(Linear, RoundedProducts, ::testing::Values(Precision::bf16),
                         [](const auto&) { return "bf16"; });

// The twins themselves: ATen's autograd is the reference for the float32 block, and rounding
// costs bfloat16's half unit in the last of eight places.
TEST(FeedForward, Bf16StaysNearFp32) {
  at::manual_seed(5);
  nn::Linear inner = random_layer(128, 512, Precision::fp32);
  nn::Linear outer = random_layer(512, 128, Precision::fp32);
  const at::Tensor x = at::randn({200, 128});
  const at::NoGradGuard no_grad;
  const at::Tensor exact = nn::feed_forward(x, inner, outer);
  inner.precision = outer.precision = Precision::bf16;
  const double error = relative_error(nn::feed_forward(x, inner, outer), exact);
  EXPECT_GT(error, 1e-5);
  EXPECT_LE(error, 6e-3);
}

}  // namespace
}  // namespace quire::test
