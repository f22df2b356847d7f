// The encoder without gradients against the one with them, which the goldens check.
#include "nn/golden.h"
#include "nn/ops/packed_weights.h"
#include "quire/kernels/fixed_weight.h"
#include "quire/kernels/gemm.h"
#include "quire/kernels/kernels.h"
#include "quire/nn/classifier.h"

namespace quire::test {
namespace {

using nn::Classifier;
using nn::Precision;

// How far a precision may be from float32 at these sizes (hidden 32, two layers).
double tolerance(Precision precision) {
  return precision == Precision::fp32 ? 2e-6 : precision == Precision::bf16 ? 2e-2 : 4e-2;
}

class Prediction : public ::testing::TestWithParam<std::tuple<std::string, Precision>> {
 protected:
  void SetUp() override {
    if (!kernels::has_weight_format(nn::weight_format(precision())))
      QUIRE_SKIP("bf16", kernels::bf16_choice());
  }
  static std::string family() { return std::get<0>(GetParam()); }
  static Precision precision() { return std::get<1>(GetParam()); }
};

TEST_P(Prediction, GivesWhatTrainingGives) {
  const Golden golden(family());
  const Classifier trained = Classifier::open(golden.model());
  const Classifier model = Classifier::open(golden.model(), precision());
  const auto expected = trained.encoder().hidden_states(golden.all(), {});
  const at::Tensor logits = trained.logits(golden.all(), {});
  const at::NoGradGuard no_grad;
  const auto found = model.encoder().hidden_states(golden.all(), {});
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_FALSE(found[i].requires_grad());
    EXPECT_LE(relative_error(found[i], expected[i]), tolerance(precision())) << "state " << i;
  }
  EXPECT_LE(relative_error(model.logits(golden.all(), {}), logits), 2 * tolerance(precision()));
}

TEST_P(Prediction, LeavesOutTheStatesNobodyReads) {
  const Golden golden(family());
  const Classifier model = Classifier::open(golden.model(), precision());
  const at::NoGradGuard no_grad;
  const auto all = model.encoder().hidden_states(golden.all(), {});
  const auto top = model.encoder().hidden_states(golden.all(), {}, 2, 2);
  EXPECT_FALSE(top[0].defined());
  EXPECT_FALSE(top[1].defined());
  EXPECT_TRUE(at::equal(top[2], all[2]));
  const auto lower = model.encoder().hidden_states(golden.all(), {}, 1, 1);
  ASSERT_EQ(lower.size(), 2U);
  EXPECT_FALSE(lower[0].defined());
  EXPECT_TRUE(at::equal(lower[1], all[1]));
}

TEST_P(Prediction, DependsNeitherOnTheBatchNorOnThreads) {
  if (kernels::aten_only()) QUIRE_SKIP("our kernels", "QUIRE_ISA is 'aten', and ATen does not promise it");
  const Golden golden(family());
  const Classifier model = Classifier::open(golden.model(), precision());
  const at::NoGradGuard no_grad;
  const int before = at::get_num_threads();
  const auto state = [&](const nn::PackedBatch& batch, int threads) {
    at::set_num_threads(threads);
    return model.encoder().hidden_states(batch, {}).back();
  };
  const nn::PackedBatch all = golden.all();
  const at::Tensor together = state(all, 2);
  EXPECT_TRUE(at::equal(state(all, 1), together));
  EXPECT_TRUE(at::equal(state(all, 3), together));
  for (std::size_t i = 0; i < golden.size(); ++i) {
    EXPECT_TRUE(at::equal(state(golden.batch({i}), 1), together.slice(0, all.offsets[i], all.offsets[i + 1])))
        << i;
  }
  at::set_num_threads(before);
}

TEST_P(Prediction, SeesAWeightThatChanged) {
  const Golden golden(family());
  Classifier model = Classifier::open(golden.model(), precision());
  const at::NoGradGuard no_grad;
  const at::Tensor before = model.logits(golden.all(), {});
  for (nn::Parameter& parameter : model.parameters()) {
    if (parameter.names.front().ends_with("intermediate.dense.weight")) parameter.value.mul_(-1);
  }
  EXPECT_GT(relative_error(model.logits(golden.all(), {}), before), 1e-2);
  for (nn::Parameter& parameter : model.parameters()) {
    if (parameter.names.front().ends_with("intermediate.dense.weight")) parameter.value.mul_(-1);
  }
  EXPECT_TRUE(at::equal(model.logits(golden.all(), {}), before));
}

INSTANTIATE_TEST_SUITE_P(Encoder, Prediction,
                         ::testing::Combine(::testing::Values("bert", "roberta", "electra"),
                                            ::testing::Values(Precision::fp32, Precision::bf16,
                                                              Precision::int8)),
                         [](const auto& one) {
                           const Precision precision = std::get<1>(one.param);
                           return std::get<0>(one.param) + (precision == Precision::fp32   ? "_fp32"
                                                            : precision == Precision::bf16 ? "_bf16"
                                                                                           : "_int8");
                         });

TEST(PredictedModel, TakesAnyActivation) {
  const Golden golden("bert");
  for (const Activation activation : {Activation::relu, Activation::gelu_tanh, Activation::silu}) {
    Checkpoint checkpoint(golden.model());
    EncoderConfig config = checkpoint.config();
    config.activation = activation;
    nn::ClassifierOptions options;
    options.classes = 5;
    options.new_head = false;
    const Classifier model(config, &checkpoint, options);
    const at::Tensor expected = model.logits(golden.all(), {});
    const at::NoGradGuard no_grad;
    EXPECT_LE(relative_error(model.logits(golden.all(), {}), expected), 4e-6);
  }
}

// Heads of whole tiles, whose attention is computed in bfloat16 blocks; the goldens' are narrower.
nn::Classifier wide_model(Precision precision) {
  EncoderConfig config;
  config.vocab_size = 200;
  config.hidden_size = config.embedding_size = 128;
  config.layers = 3;
  config.heads = 2;
  config.intermediate_size = 256;
  config.max_positions = 200;
  nn::ClassifierOptions options;
  options.classes = 4;
  options.seed = 11;
  options.precision = precision;
  return {config, nullptr, options};
}

nn::PackedBatch random_documents(const std::vector<std::size_t>& lengths) {
  std::vector<std::vector<std::int32_t>> ids;
  std::vector<nn::TokenizedDocument> documents;
  const std::vector<std::uint8_t> segments(200, 0);
  for (const std::size_t length : lengths) {
    std::vector<std::int32_t> document;
    for (std::size_t i = 0; i < length; ++i)
      document.push_back(static_cast<std::int32_t>((i * 31 + length * 17) % 200));
    ids.push_back(document);
  }
  for (std::size_t i = 0; i < ids.size(); ++i)
    documents.push_back({ids[i], std::span(segments).first(ids[i].size()), static_cast<std::uint32_t>(i)});
  return nn::pack(documents);
}

TEST(PredictedModel, WideHeadsRoundTheirAttention) {
  if (!kernels::bf16_available()) QUIRE_SKIP("bf16", kernels::bf16_choice());
  const std::vector<std::size_t> lengths = {1, 33, 150, 64, 7, 95};
  const nn::PackedBatch batch = random_documents(lengths);
  const at::NoGradGuard no_grad;
  const auto expected = wide_model(Precision::fp32).encoder().hidden_states(batch, {});
  for (const Precision precision : {Precision::bf16, Precision::int8}) {
    const Classifier model = wide_model(precision);
    const auto found = model.encoder().hidden_states(batch, {});
    for (std::size_t i = 0; i < found.size(); ++i)
      EXPECT_LE(relative_error(found[i], expected[i]), 3e-2) << "state " << i;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      EXPECT_TRUE(at::equal(model.encoder().hidden_states(random_documents({lengths[i]}), {}).back(),
                            found.back().slice(0, batch.offsets[i], batch.offsets[i + 1])))
          << i;
    }
    EXPECT_LE(
        relative_error(model.encoder().first_tokens(batch, {}), nn::first_token(expected.back(), batch)),
        3e-2);
  }
}

TEST(PredictedModel, RefusesAnIdWithoutAnEmbedding) {
  const Golden golden("bert");
  const Classifier model = Classifier::open(golden.model(), Precision::int8);
  const at::NoGradGuard no_grad;
  nn::PackedBatch batch = golden.batch({0});
  batch.ids.mutable_data_ptr<std::int64_t>()[0] = 1'000'000;
  EXPECT_ANY_THROW((void)model.logits(batch, {}));
}

}  // namespace
}  // namespace quire::test
