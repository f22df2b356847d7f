// The top layer's attention at first tokens against the one that forms keys and values.
#include "nn/attention/first_token_attention.h"

#include "nn/twins.h"

namespace quire::test {
namespace {

using nn::Implementation;

constexpr std::int64_t kHeads = 3;
constexpr std::int64_t kHidden = 24;

class FirstTokens : public ::testing::TestWithParam<double> {
 protected:
  // Input and context side by side; their inputs are x, weight, bias.
  static Outcome attend(const std::vector<std::int64_t>& lengths, Implementation implementation) {
    const nn::PackedBatch batch = batch_of(lengths);
    at::manual_seed(6);
    const at::Tensor x = at::randn({batch.tokens(), kHidden});
    const at::Tensor weight = at::randn({3 * kHidden, kHidden}) / 3;
    const at::Tensor bias = at::randn({3 * kHidden});
    const at::Tensor weights = at::randn({static_cast<std::int64_t>(lengths.size()), 2 * kHidden});
    return run({x, weight, bias}, weights, [&](const std::vector<at::Tensor>& inputs) {
      nn::Linear projection;
      projection.weight = inputs[1];
      projection.bias = inputs[2];
      const nn::FirstTokens first = nn::first_token_attention(inputs[0], projection, batch, kHeads,
                                                              GetParam(), kDropout, 1, implementation);
      return at::cat({first.input, first.context}, 1);
    });
  }
};

TEST_P(FirstTokens, EqualTheirTwin) {
  for (const std::vector<std::int64_t>& lengths :
       {std::vector<std::int64_t>{1}, {15}, {17, 1, 2}, {130, 33, 300, 7}, {512}}) {
    const Outcome found = attend(lengths, Implementation::automatic);
    expect_close(found, attend(lengths, Implementation::aten), 2e-6, 1e-5);
    // It adds the same to all scores of a query.
    EXPECT_TRUE(at::equal(found.gradients[2].narrow(0, kHidden, kHidden), at::zeros({kHidden})));
  }
}

TEST_P(FirstTokens, AreRowsOfAllAttention) {
  const nn::PackedBatch batch = batch_of({40, 3, 1, 65});
  const auto all = [&](Implementation implementation) {
    at::manual_seed(6);
    const at::Tensor x = at::randn({batch.tokens(), kHidden});
    const at::Tensor weight = at::randn({3 * kHidden, kHidden}) / 3;
    const at::Tensor qkv = at::linear(x, weight, at::randn({3 * kHidden}));
    return nn::first_token(nn::packed_attention(qkv, batch, kHeads, GetParam(), kDropout, 1, implementation),
                           batch);
  };
  const at::Tensor found =
      attend({40, 3, 1, 65}, Implementation::automatic).value.narrow(1, kHidden, kHidden);
  EXPECT_LE(relative_error(found, all(Implementation::automatic)), 2e-6);
}

TEST_P(FirstTokens, LeaveAFrozenInputAlone) {
  const nn::PackedBatch batch = batch_of({4, 9});
  nn::Linear projection;
  projection.weight = at::randn({3 * kHidden, kHidden}).requires_grad_();
  projection.bias = at::randn({3 * kHidden}).requires_grad_();
  const at::Tensor x = at::randn({13, kHidden});
  nn::first_token_attention(x, projection, batch, kHeads, GetParam(), kDropout, 1).context.sum().backward();
  EXPECT_TRUE(projection.weight.grad().defined());
}

INSTANTIATE_TEST_SUITE_P(Nn, FirstTokens, ::testing::Values(0.0, 0.3), [](const auto& rate) {
  return std::to_string(static_cast<int>(100 * rate.param)) + "_percent";
});

}  // namespace
}  // namespace quire::test
