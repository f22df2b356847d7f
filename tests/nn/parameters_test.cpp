// Tensors that several places of a network share.
#include "quire/nn/parameters.h"

#include "nn/golden.h"
#include "quire/hub/safetensors.h"
#include "quire/nn/host.h"
#include "quire/train/optimizer.h"
#include "support.h"
#include "train/checkpoint.h"

namespace quire::test {
namespace {

// A table of words that is the weight of an output layer too, as a masked language model has it.
struct TiedModel {
  explicit TiedModel(std::uint64_t seed) : store(nullptr, 0.1, seed) {
    words =
        nn::Scope(store, "embeddings", 0, nn::Origin::fresh).get_table("weight", {7, 4}, nn::Init::normal);
    const nn::Scope head(store, "decoder", 1, nn::Origin::fresh);
    decoder = head.tie("weight", words);
    bias = head.get("bias", {7}, nn::Init::zeros);
  }
  [[nodiscard]] at::Tensor loss() const {
    const at::Tensor read = words.index_select(0, at::tensor({1, 3}, at::kLong));
    return (at::linear(read, decoder, bias) - 1).square().sum();
  }
  [[nodiscard]] train::AdamW optimizer() {
    const train::OptimizerOptions options{.learning_rate = 0.1, .head_learning_rate = 0.01};
    return {store.parameters(), train::group_parameters(store.parameters(), 0, options), options};
  }
  nn::ParameterStore store;
  at::Tensor words, decoder, bias;
};

TEST(TiedWeights, AreOneParameterInOneGroup) {
  TiedModel model(1);
  ASSERT_EQ(model.store.parameters().size(), 2U);
  const nn::Parameter& table = model.store.parameters().front();
  EXPECT_EQ(table.names, std::vector<std::string>{"embeddings.weight"});
  EXPECT_EQ(table.tied, std::vector<std::string>{"decoder.weight"});
  EXPECT_TRUE(table.sparse);
  EXPECT_TRUE(model.decoder.is_same(model.words));
  const auto groups = train::group_parameters(model.store.parameters(), 0, {});
  std::int64_t elements = 0;
  for (const train::ParameterGroup& group : groups) elements += group.elements;
  EXPECT_EQ(elements, 7 * 4 + 7);
}

TEST(TiedWeights, TakeOneStepByTheGradientsOfBothPlaces) {
  TiedModel model(1);
  const at::Tensor before = model.words.detach().clone();
  model.loss().backward();
  // Row 5 is read by the output layer alone, rows 1 and 3 by both.
  const at::Tensor gradient = model.words.grad().clone();
  EXPECT_GT(gradient[5].abs().min().item<double>(), 0);
  train::AdamW optimizer = model.optimizer();
  optimizer.step(1);
  // AdamW's first step is one learning rate long, but for the decay of .01.
  const at::Tensor expected = before * (1 - 0.1 * 0.01) - 0.1 * gradient.sign();
  EXPECT_LE(relative_error(model.decoder.detach(), expected), 1e-4);
  EXPECT_TRUE(at::equal(model.decoder, model.words));
}

TEST(TiedWeights, LieOnceInACheckpointAndComeBackInBothPlaces) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "checkpoint.safetensors";
  TiedModel model(1);
  train::AdamW optimizer = model.optimizer();
  model.loss().backward();
  optimizer.step(1);
  train::save_checkpoint(path, "recipe", {}, model.store.parameters(), optimizer);
  const SafetensorsFile file(path);
  EXPECT_NE(file.find("weight.embeddings.weight"), nullptr);
  EXPECT_EQ(file.find("weight.decoder.weight"), nullptr);
  TiedModel other(2);
  train::AdamW other_optimizer = other.optimizer();
  ASSERT_TRUE(train::load_checkpoint(path, "recipe", other.store.parameters(), other_optimizer));
  EXPECT_TRUE(at::equal(other.words, model.words));
  EXPECT_TRUE(at::equal(other.decoder, model.words));
}

TEST(TiedWeights, AreWrittenUnderEachNameWhereALayoutWantsThat) {
  const TemporaryDirectory directory;
  const TiedModel model(1);
  const auto written = [&](nn::Ties ties) {
    nn::HostValues host;
    std::vector<TensorView> views;
    for (const nn::Parameter& parameter : model.store.parameters())
      nn::append_views(parameter, "lm.", ties, host, views);
    write_safetensors(directory / "model.safetensors", views);
    return SafetensorsFile(directory / "model.safetensors");
  };
  EXPECT_EQ(written(nn::Ties::once).find("lm.decoder.weight"), nullptr);
  const SafetensorsFile each = written(nn::Ties::each);
  for (const char* name : {"lm.embeddings.weight", "lm.decoder.weight"}) {
    ASSERT_NE(each.find(name), nullptr) << name;
    EXPECT_TRUE(at::equal(as_tensor(*each.find(name)), model.words)) << name;
  }
}

TEST(TiedWeights, StayWithinOneStore) {
  TiedModel model(1);
  nn::ParameterStore other(nullptr, 0.1, 1);
  EXPECT_ERROR(other.tie("decoder.weight", model.words), c10::Error, "'decoder.weight'");
}

}  // namespace
}  // namespace quire::test
