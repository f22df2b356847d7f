// The sparse gradient of word embeddings against ATen's dense one.
#include "quire/nn/look_up.h"

#include "nn/golden.h"
#include "quire/nn/ops.h"

namespace quire::test {
namespace {

constexpr std::int64_t kPadding = 3;

// Tokens of 40 words: some come many times, most not at all, and some are padding.
at::Tensor random_ids(std::int64_t tokens) { return at::randint(0, 40, {tokens}, at::kLong).square_() % 41; }

at::Tensor gradient_of(const std::vector<at::Tensor>& batches, const at::Tensor& table) {
  const at::Tensor leaf = table.clone().requires_grad_();
  for (const at::Tensor& ids : batches) {
    const at::Tensor rows = nn::look_up_words(leaf, ids, kPadding);
    (rows.pow(3) + rows.cos()).sum().backward();
  }
  return leaf.grad();
}

TEST(LookUpWords, GradientEqualsItsTwin) {
  at::manual_seed(1);
  const at::Tensor table = at::randn({50, 37});
  for (const std::size_t batches : {1, 3}) {
    std::vector<at::Tensor> ids;
    for (std::size_t i = 0; i < batches; ++i) ids.push_back(random_ids(70));
    const at::Tensor gradient = gradient_of(ids, table);
    ASSERT_TRUE(gradient.is_sparse());
    const nn::AtenTwins twins;
    const at::Tensor expected = gradient_of(ids, table);
    EXPECT_FALSE(expected.is_sparse());
    EXPECT_LE(relative_error(gradient, expected), 1e-6);
  }
}

TEST(LookUpWords, GradientHasTheRowsThatWereReadButForPadding) {
  const at::Tensor ids = at::tensor({7, 3, 9, 7, 3, 1}).to(at::kLong);
  const at::Tensor gradient = gradient_of({ids}, at::ones({12, 4})).coalesce();
  EXPECT_TRUE(at::equal(gradient.indices()[0], at::tensor({1, 7, 9}).to(at::kLong)));
  EXPECT_TRUE(at::equal(nn::gradient_values(gradient), gradient.values()));
  EXPECT_EQ(gradient_of({at::full({2}, kPadding, at::kLong)}, at::ones({12, 4})).coalesce().values().numel(),
            0);
}

// As in R-Drop: autograd adds the gradients of both before it hands them to the table.
TEST(LookUpWords, TwoLookUpsInOnePassAddUp) {
  at::manual_seed(2);
  const at::Tensor table = at::randn({50, 8});
  const std::vector<at::Tensor> ids = {random_ids(30), random_ids(40)};
  const at::Tensor leaf = table.clone().requires_grad_();
  const auto loss = [&](const at::Tensor& batch) {
    const at::Tensor rows = nn::look_up_words(leaf, batch, kPadding);
    return (rows.pow(3) + rows.cos()).sum();
  };
  (loss(ids[0]) + loss(ids[1])).backward();
  EXPECT_TRUE(leaf.grad().is_sparse());
  EXPECT_LE(relative_error(leaf.grad(), gradient_of(ids, table)), 1e-6);
}

TEST(LookUpWords, GradientDoesNotDependOnThreads) {
  at::manual_seed(3);
  const at::Tensor table = at::randn({50, 384});
  const at::Tensor ids = random_ids(3000);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor one = gradient_of({ids, ids}, table);
  at::set_num_threads(2);
  const at::Tensor two = gradient_of({ids, ids}, table);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one.to_dense(), two.to_dense()));
}

}  // namespace
}  // namespace quire::test
