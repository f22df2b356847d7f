// The models against transformers: see tests/golden/README.md.
#include "quire/nn/classifier.h"

#include "nn/golden.h"
#include "quire/base/error.h"

namespace quire::test {
namespace {

using nn::Classifier;

class Families : public ::testing::TestWithParam<std::string> {};

TEST_P(Families, HiddenStatesEqualTransformers) {
  const Golden golden(GetParam());
  const Classifier model = Classifier::open(golden.model());
  const auto states = model.encoder().hidden_states(golden.all(), {});
  for (std::size_t layer = 0; layer < states.size(); ++layer) {
    EXPECT_LE(relative_error(states[layer], golden.tensor("hidden." + std::to_string(layer))), 1e-5) << layer;
  }
}

TEST_P(Families, LogitsEqualTransformers) {
  const Golden golden(GetParam());
  EXPECT_LE(
      relative_error(Classifier::open(golden.model()).logits(golden.all(), {}), golden.tensor("logits")),
      1e-5);
}

TEST_P(Families, GradientsEqualTransformers) {
  const Golden golden(GetParam());
  Classifier model = Classifier::open(golden.model());
  const at::Tensor loss = at::cross_entropy_loss(model.logits(golden.all(), {}), golden.labels());
  EXPECT_NEAR(loss.item<double>(), golden.json()["loss"].get<double>(), 1e-5);
  loss.backward();
  for (const nn::Parameter& parameter : model.parameters()) {
    ASSERT_TRUE(parameter.value.grad().defined()) << parameter.names.front();
    for_stored_parts(parameter, parameter.value.grad(),
                     [&](const std::string& name, const at::Tensor& gradient) {
                       if (is_key_bias(name)) return;
                       EXPECT_LE(relative_error(gradient, golden.tensor("gradient." + name)), 1e-4) << name;
                     });
  }
}

// The last layer is computed for the tokens alone that the head reads.
TEST_P(Families, FirstTokensAreThoseOfAllHiddenStates) {
  const Golden golden(GetParam());
  Checkpoint checkpoint(golden.model());
  Classifier model(checkpoint.config(), &checkpoint,
                   {.classes = 5, .dropout = 0.3, .seed = 1, .new_head = false});
  const nn::DropoutState state{.active = true, .seed = 7, .epoch = 2, .pass = 0};
  const nn::PackedBatch batch = golden.all();
  const at::Tensor all = nn::first_token(model.encoder().hidden_states(batch, state).back(), batch);
  const at::Tensor alone = model.encoder().first_tokens(batch, state);
  EXPECT_LE(relative_error(alone, all), 1e-6);
  const at::Tensor direction = at::randn_like(alone);
  (all * direction).sum().backward();
  std::vector<at::Tensor> expected;
  for (nn::Parameter& parameter : model.parameters()) {
    expected.push_back(parameter.value.grad().defined() ? parameter.value.grad().clone() : at::Tensor());
    parameter.value.mutable_grad() = at::Tensor();
  }
  (alone * direction).sum().backward();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!expected[i].defined()) continue;
    EXPECT_LE(relative_error(model.parameters()[i].value.grad(), expected[i]), 1e-5)
        << model.parameters()[i].names.front();
  }
}

TEST_P(Families, SavedModelIsTheSameModel) {
  const Golden golden(GetParam());
  const Classifier model = Classifier::open(golden.model());
  const TemporaryDirectory directory;
  model.save(directory.path(), {"a", "b", "c", "d", "e"});
  const Classifier again = Classifier::open(directory.path());
  EXPECT_TRUE(at::equal(model.logits(golden.all(), {}), again.logits(golden.all(), {})));
}

TEST_P(Families, PredictionDoesNotDependOnTheBatch) {
  const Golden golden(GetParam());
  const Classifier model = Classifier::open(golden.model());
  const at::Tensor together = model.logits(golden.all(), {});
  for (std::size_t i = 0; i < golden.size(); ++i) {
    const at::Tensor alone = model.logits(golden.batch({i}), {});
    EXPECT_LE(relative_error(alone[0], together[static_cast<std::int64_t>(i)]), 2e-6) << i;
  }
}

// Dropout is keyed by document, so that training on a document does not depend on its batch either.
TEST_P(Families, DropoutDoesNotDependOnTheBatch) {
  const Golden golden(GetParam());
  Checkpoint checkpoint(golden.model());
  const Classifier model(
      checkpoint.config(), &checkpoint,
      {.head = nn::HeadKind::standard, .classes = 5, .dropout = 0.3, .seed = 1, .new_head = false});
  const nn::DropoutState state{.active = true, .seed = 7, .epoch = 2, .pass = 0};
  const at::Tensor together = model.logits(golden.all(), state);
  EXPECT_GT(relative_error(together, model.logits(golden.all(), {})), 1e-2);
  for (std::size_t i = 0; i < golden.size(); ++i) {
    EXPECT_LE(
        relative_error(model.logits(golden.batch({i}), state)[0], together[static_cast<std::int64_t>(i)]),
        2e-6)
        << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Encoder, Families, ::testing::Values("bert", "roberta", "electra"),
                         [](const auto& family) { return family.param; });

TEST(MeanHead, EqualsTheReference) {
  const Golden golden("bert");
  Checkpoint checkpoint(golden.model());
  Classifier model(checkpoint.config(), &checkpoint,
                   {.head = nn::HeadKind::mean, .classes = 5, .dropout = -1, .seed = 1, .new_head = true});
  const at::NoGradGuard no_grad;
  for (nn::Parameter& parameter : model.parameters()) {
    if (!parameter.names.front().starts_with("quire_head.")) continue;
    const std::string stored =
        parameter.names.front() == "quire_head.weight" ? "classifier.weight" : "classifier.bias";
    const std::vector<float> values = checkpoint.tensor(stored, parameter.value.sizes().vec());
    std::copy(values.begin(), values.end(), parameter.value.mutable_data_ptr<float>());
  }
  EXPECT_LE(relative_error(model.logits(golden.all(), {}), golden.tensor("mean_pooling.logits")), 1e-5);
  const TemporaryDirectory directory;
  model.save(directory.path(), {"a", "b", "c", "d", "e"});
  EXPECT_TRUE(
      at::equal(model.logits(golden.all(), {}), Classifier::open(directory.path()).logits(golden.all(), {})));
}

TEST(Loading, ReadsOldNamesOfNorms) {
  const Golden golden("bert");
  Checkpoint checkpoint(fixture("golden/encoder/bert-old-names"));
  const Classifier model(
      checkpoint.config(), &checkpoint,
      {.head = nn::HeadKind::standard, .classes = 5, .dropout = -1, .seed = 1, .new_head = true});
  EXPECT_LE(relative_error(model.encoder().hidden_states(golden.all(), {}).back(), golden.tensor("hidden.2")),
            1e-5);
  EXPECT_NE(checkpoint.unread_sentence().find("cls."), std::string::npos);
}

TEST(Loading, ReadsHalfPrecision) {
  const Golden golden("bert");
  EXPECT_LE(relative_error(Classifier::open(fixture("golden/encoder/bert-f16")).logits(golden.all(), {}),
                           golden.tensor("f16.logits")),
            1e-5);
  Checkpoint checkpoint(fixture("golden/encoder/bert-bf16"));
  const Classifier model(
      checkpoint.config(), &checkpoint,
      {.head = nn::HeadKind::mean, .classes = 5, .dropout = -1, .seed = 1, .new_head = true});
  EXPECT_LE(
      relative_error(model.encoder().hidden_states(golden.all(), {}).back(), golden.tensor("bf16.hidden.2")),
      1e-5);
}

TEST(Loading, RefusesAnEncoderWithoutClassifierForPrediction) {
  EXPECT_ERROR((void)Classifier::open(fixture("golden/encoder/bert-bf16")), InputError,
               "without a classifier");
}

}  // namespace
}  // namespace quire::test
