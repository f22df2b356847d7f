// How far adversarial training moves the tables of words, and that it puts them back.
#include "train/adversarial.h"

#include <cmath>

#include "nn/golden.h"

namespace quire::test {
namespace {

// Two tables, of which one pass looks rows up, and a weight.
class TwoTables {
 public:
  TwoTables() {
    at::manual_seed(4);
    for (const char* name : {"words", "more", "other"}) {
      nn::Parameter parameter;
      parameter.names = {name};
      parameter.sparse = parameters.size() < 2;
      parameter.value = at::randn({6, 4}).requires_grad_();
      parameters.push_back(parameter);
      start_.push_back(parameter.value.detach().clone());
    }
  }
  void pass() {
    const at::Tensor rows = at::tensor({2, 4}, at::kLong);
    const at::Tensor read =
        parameters[0].value.index_select(0, rows) * parameters[1].value.index_select(0, rows);
    (read.square().sum() * parameters[2].value.square().sum()).backward();
    moved.push_back(std::hypot(distance(0), distance(1)));
  }
  [[nodiscard]] double distance(std::size_t i) const {
    return (parameters[i].value.detach() - start_[i]).norm().item<double>();
  }

  std::vector<nn::Parameter> parameters;
  std::vector<double> moved;  // how far the tables together were from their places in each pass

 private:
  std::vector<at::Tensor> start_;
};

TEST(Adversarial, MovesAllTablesTogetherByEpsilonAndPutsThemBack) {
  for (const train::Adversarial kind : {train::Adversarial::fgm, train::Adversarial::pgd}) {
    TwoTables model;
    const auto pass = [&] { model.pass(); };
    pass();
    train::add_adversarial_gradients(model.parameters, {.kind = kind, .epsilon = 0.5, .steps = 3}, pass);
    EXPECT_EQ(model.moved.size(), kind == train::Adversarial::fgm ? 2U : 4U);
    EXPECT_NEAR(model.moved.back(), 0.5, 1e-5);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(model.distance(i), 0) << i;
  }
}

TEST(Adversarial, DoesNothingWhereNoTableLearns) {
  TwoTables model;
  for (std::size_t i = 0; i < 2; ++i) model.parameters[i].value.set_requires_grad(false);
  const auto pass = [&] { model.pass(); };
  pass();
  train::add_adversarial_gradients(model.parameters, {.kind = train::Adversarial::pgd}, pass);
  EXPECT_EQ(model.moved.size(), 1U);
}

}  // namespace
}  // namespace quire::test
