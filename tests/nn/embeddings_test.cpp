// The sum of embeddings with norm and dropout as one operation, against the same in ATen's operations.
#include "nn/ops/embeddings.h"

#include "nn/golden.h"
#include "quire/nn/look_up.h"

namespace quire::test {
namespace {

using nn::Implementation;

constexpr std::int64_t kPadding = 1;
constexpr std::int64_t kWidth = 96;

struct Tables {
  Tables() {
    at::manual_seed(6);
    for (const std::int64_t rows : {60, 2, 40}) tables.push_back(at::randn({rows, kWidth}).requires_grad_());
    norm.gamma = (1 + at::randn({kWidth}) / 4).requires_grad_();
    norm.beta = at::randn({kWidth}).requires_grad_();
  }
  std::vector<at::Tensor> tables;  // words, segments, positions
  nn::LayerNorm norm;
};

struct Outcome {
  at::Tensor value;
  std::vector<at::Tensor> gradients;
};

Outcome run(const Tables& t, const std::vector<std::int64_t>& offsets, double rate,
            Implementation implementation, std::int64_t position_padding = nn::kNoPadding) {
  const std::int64_t tokens = offsets.back();
  const at::Tensor order = at::arange(tokens, at::kLong);
  const at::Tensor words = (order * order * 7) % 60;
  const at::Tensor segments = order.floor_divide(5) % 2;
  const at::Tensor positions = (order * 3) % 40;
  std::vector<std::uint32_t> documents;
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) documents.push_back(static_cast<std::uint32_t>(5 * i));
  Outcome outcome{
      nn::embed_tokens({t.tables[0], words, kPadding}, {t.tables[1], segments, nn::kNoPadding},
                       {t.tables[2], positions, position_padding}, t.norm, 1e-12, {offsets, documents}, rate,
                       {.active = rate > 0, .seed = 3}, implementation),
      {}};
  (outcome.value * at::arange(kWidth) * (1 + order % 3).unsqueeze(1)).sum().backward();
  for (const at::Tensor& one : {t.tables[0], t.tables[1], t.tables[2], t.norm.gamma, t.norm.beta}) {
    outcome.gradients.push_back(one.grad().is_sparse() ? one.grad().to_dense() : one.grad());
    one.mutable_grad() = at::Tensor();
  }
  return outcome;
}

TEST(EmbedTokens, EqualsItsTwin) {
  const Tables tables;
  for (const double rate : {0.0, 0.1}) {
    for (const std::int64_t padding : {nn::kNoPadding, std::int64_t{2}}) {
      for (const std::vector<std::int64_t>& offsets :
           {std::vector<std::int64_t>{0, 1}, {0, 30, 95, 300}, {0, 128}}) {
        const Outcome found = run(tables, offsets, rate, Implementation::automatic, padding);
        const Outcome expected = run(tables, offsets, rate, Implementation::aten, padding);
        EXPECT_LE(relative_error(found.value, expected.value), 1e-6);
        for (std::size_t i = 0; i < expected.gradients.size(); ++i)
          EXPECT_LE(relative_error(found.gradients[i], expected.gradients[i]), 2e-6) << "gradient " << i;
        EXPECT_EQ(found.gradients[0][kPadding].abs().max().item<float>(), 0);
      }
    }
  }
}

TEST(EmbedTokens, DoesNotDependOnTheNumberOfThreads) {
  const Tables tables;
  const int before = at::get_num_threads();
  const auto outcome = [&](int threads) {
    at::set_num_threads(threads);
    return run(tables, {0, 400, 700}, 0.1, Implementation::automatic);
  };
  const Outcome one = outcome(1);
  const Outcome two = outcome(2);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one.value, two.value));
  for (std::size_t i = 0; i < one.gradients.size(); ++i)
    EXPECT_TRUE(at::equal(one.gradients[i], two.gradients[i])) << i;
}

TEST(EmbedTokens, RefusesAnIdWithoutAnEmbedding) {
  const Tables t;
  const at::Tensor ids = at::full({1}, 60, at::kLong);
  const at::Tensor zero = at::zeros({1}, at::kLong);
  const std::vector<std::int64_t> offsets = {0, 1};
  const std::vector<std::uint32_t> documents = {0};
  EXPECT_ANY_THROW((void)nn::embed_tokens({t.tables[0], ids, kPadding}, {t.tables[1], zero, nn::kNoPadding},
                                          {t.tables[2], zero, nn::kNoPadding}, t.norm, 1e-12,
                                          {offsets, documents}, 0, {}));
}

}  // namespace
}  // namespace quire::test
