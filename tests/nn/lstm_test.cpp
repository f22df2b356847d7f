// The bidirectional LSTM against at::lstm.
#include "nn/ops/lstm.h"

#include "nn/twins.h"

namespace quire::test {
namespace {

using nn::Implementation;
using nn::Precision;

// Outcomes of one LSTM of random weights by either implementation; the gradients are those of x and of its
// weights.
class Lstm {
 public:
  Lstm(std::int64_t in, std::int64_t hidden, Precision precision)
      : store_(nullptr, 0.02, 3),
        lstm_(nn::Scope(store_, "lstm", 0, nn::Origin::fresh), in, hidden, precision),
        in_(in),
        hidden_(hidden) {}

  [[nodiscard]] Outcome run(const std::vector<std::int64_t>& lengths, Implementation implementation) {
    const nn::PackedBatch batch = batch_of(lengths);
    at::manual_seed(5);
    const at::Tensor x = at::randn({batch.tokens(), in_});
    const at::Tensor weights = at::randn({batch.tokens(), 2 * hidden_});
    Outcome outcome = test::run({x}, weights, [&](const std::vector<at::Tensor>& inputs) {
      return lstm_(inputs[0], batch, implementation);
    });
    for (nn::Parameter& parameter : store_.parameters()) {
      outcome.gradients.push_back(parameter.value.grad());
      parameter.value.mutable_grad() = at::Tensor();
    }
    return outcome;
  }
  [[nodiscard]] at::Tensor predict(const nn::PackedBatch& batch, const at::Tensor& x) const {
    const at::NoGradGuard no_grad;
    return lstm_(x, batch);
  }

 private:
  nn::ParameterStore store_;
  nn::BiLstm lstm_;
  std::int64_t in_, hidden_;
};

// More sequences than one task takes, of one token and of many.
const std::vector<std::int64_t> kMany = {7, 1, 33, 12, 12, 2, 9, 40, 1, 5, 21, 3, 17, 8, 8, 30, 11, 4, 1};

class LstmPrecision : public ::testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    if (GetParam() == Precision::bf16 && !kernels::bf16_available())
      QUIRE_SKIP("bf16", kernels::bf16_choice());
  }
};

TEST_P(LstmPrecision, EqualsAten) {
  // A hidden state rounded to bfloat16 is off by up to 1/256, at random, and is rounded again in every step.
  const bool rounds = GetParam() == Precision::bf16;
  for (const auto& [in, hidden] : {std::pair<std::int64_t, std::int64_t>{5, 3}, {24, 40}, {64, 96}}) {
    Lstm lstm(in, hidden, GetParam());
    for (const std::vector<std::int64_t>& lengths : {std::vector<std::int64_t>{1}, {300}, {2, 17}, kMany}) {
      SCOPED_TRACE(std::to_string(hidden) + " wide, " + std::to_string(lengths.size()) + " sequences");
      expect_close(lstm.run(lengths, Implementation::automatic), lstm.run(lengths, Implementation::aten),
                   rounds ? 5e-3 : 2e-6, rounds ? 1e-2 : 1e-5);
    }
  }
}

// In float32 some products are ATen's, which does not promise it.
class RoundedLstm : public LstmPrecision {};

TEST_P(RoundedLstm, DoesNotDependOnTheNumberOfThreads) {
  Lstm lstm(64, 96, GetParam());
  expect_same_with_one_and_two_threads([&] { return lstm.run(kMany, Implementation::automatic); });
}

TEST_P(LstmPrecision, PredictsWhatItTrains) {
  Lstm lstm(24, 40, GetParam());
  const nn::PackedBatch batch = batch_of(kMany);
  at::manual_seed(5);
  const at::Tensor x = at::randn({batch.tokens(), 24});
  EXPECT_TRUE(at::equal(lstm.predict(batch, x), lstm.run(kMany, Implementation::automatic).value));
}

INSTANTIATE_TEST_SUITE_P(Nn, LstmPrecision, ::testing::Values(Precision::fp32, Precision::bf16),
                         [](const auto& one) { return one.param == Precision::fp32 ? "fp32" : "bf16"; });
INSTANTIATE_TEST_SUITE_P(Nn, RoundedLstm, ::testing::Values(Precision::bf16),
                         [](const auto&) { return "bf16"; });

}  // namespace
}  // namespace quire::test
