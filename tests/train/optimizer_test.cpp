// AdamW and clipping against PyTorch's.
#include "quire/train/optimizer.h"

#include <set>

#include "nn/golden.h"
#include "quire/nn/classifier.h"
#include "quire/nn/ops.h"
#include "quire/train/schedule.h"

namespace quire::test {
namespace {

TEST(ParameterGroups, HoldEveryParameterOnceAtTheReferenceRates) {
  const Golden golden("bert");
  const nn::Classifier model = nn::Classifier::open(golden.model());
  const auto& expected = golden.json()["fine_tuning"];
  train::OptimizerOptions options;
  options.learning_rate = expected["learning_rate"];
  options.head_learning_rate = expected["head_learning_rate"];
  options.layer_decay = expected["layer_decay"];
  options.weight_decay = expected["weight_decay"];
  std::set<std::size_t> seen;
  std::size_t stored = 0;
  for (const auto& group : train::group_parameters(model.parameters(), model.config().layers, options)) {
    for (const std::size_t index : group.members) {
      EXPECT_TRUE(seen.insert(index).second) << group.name;
      for (const std::string& name : model.parameters()[index].names) {
        ASSERT_TRUE(expected["parameters"].contains(name)) << name;
        EXPECT_NEAR(group.learning_rate, expected["parameters"][name]["lr"].get<double>(), 1e-12) << name;
        EXPECT_EQ(group.weight_decay, expected["parameters"][name]["weight_decay"].get<double>()) << name;
        ++stored;
      }
    }
  }
  EXPECT_EQ(seen.size(), model.parameters().size());
  EXPECT_EQ(stored, expected["parameters"].size());
}

TEST(AdamW, TwentyStepsEqualPyTorch) {
  const auto json = nlohmann::json::parse(read_file(fixture("golden/optimiser/adamw.json")));
  const SafetensorsFile file(fixture("golden/optimiser/adamw.safetensors"));
  for (const auto& [name, rates] : json["parameters"].items()) {
    std::vector<nn::Parameter> parameters(1);
    parameters[0].names = {name};
    parameters[0].value = as_tensor(*file.find("initial." + name)).requires_grad_();
    train::ParameterGroup group{.name = name,
                                .learning_rate = rates["lr"],
                                .weight_decay = rates["weight_decay"],
                                .members = {0},
                                .elements = 0};
    train::OptimizerOptions options;
    options.max_grad_norm = 0;
    train::AdamW optimizer(parameters, {group}, options);
    const at::Tensor gradients = as_tensor(*file.find("gradients." + name));
    const at::Tensor values = as_tensor(*file.find("values." + name));
    for (std::int64_t step = 0; step < gradients.size(0); ++step) {
      parameters[0].value.mutable_grad() = gradients[step].clone();
      optimizer.step(json["lr_factors"][static_cast<std::size_t>(step)]);
      EXPECT_LE(relative_error(parameters[0].value, values[step]), 1e-6) << name << " step " << step;
    }
    EXPECT_LE(relative_error(optimizer.moments()[0].first, as_tensor(*file.find("first_moment." + name))),
              1e-6);
    EXPECT_LE(relative_error(optimizer.moments()[0].second, as_tensor(*file.find("second_moment." + name))),
              1e-6);
  }
}

// Two groups of several tensors, one of them without a gradient, and a norm that is clipped.
std::vector<at::Tensor> weights_after_steps(std::int64_t steps) {
  at::manual_seed(8);
  std::vector<nn::Parameter> parameters(5);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    parameters[i].names = {std::to_string(i)};
    parameters[i].value = at::randn({3 + static_cast<std::int64_t>(i), 700}).requires_grad_();
  }
  const std::vector<train::ParameterGroup> groups = {
      {.name = "decay", .learning_rate = 1e-2, .weight_decay = 0.1, .members = {0, 1, 4}, .elements = 0},
      {.name = "no decay", .learning_rate = 3e-3, .weight_decay = 0, .members = {2, 3}, .elements = 0}};
  train::AdamW optimizer(parameters, groups, {});
  for (std::int64_t step = 0; step < steps; ++step) {
    for (std::size_t i = 0; i < 4; ++i)
      parameters[i].value.mutable_grad() = at::randn(parameters[i].value.sizes());
    EXPECT_GT(optimizer.step(0.5), 1);
  }
  std::vector<at::Tensor> after;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    after.push_back(parameters[i].value.detach());
    after.push_back(optimizer.moments()[i].first);
    after.push_back(optimizer.moments()[i].second);
  }
  return after;
}

TEST(AdamW, AtenStepsEqualTheKernels) {
  const std::vector<at::Tensor> kernel = weights_after_steps(20);
  const nn::AtenTwins twins;
  const std::vector<at::Tensor> aten = weights_after_steps(20);
  for (std::size_t i = 0; i < kernel.size(); ++i) EXPECT_LE(relative_error(aten[i], kernel[i]), 1e-6) << i;
}

// Twenty steps of the whole model: loss, gradient norm and final weights.
class FineTuning : public ::testing::TestWithParam<std::string> {};

TEST_P(FineTuning, TwentyStepsEqualTheReference) {
  const Golden golden(GetParam());
  nn::Classifier model = nn::Classifier::open(golden.model());
  const auto& run = golden.json()["fine_tuning"];
  train::OptimizerOptions options;
  options.learning_rate = run["learning_rate"];
  options.head_learning_rate = run["head_learning_rate"];
  options.layer_decay = run["layer_decay"];
  options.weight_decay = run["weight_decay"];
  options.max_grad_norm = run["max_grad_norm"];
  train::AdamW optimizer(model.parameters(),
                         train::group_parameters(model.parameters(), model.config().layers, options),
                         options);
  const auto steps = run["steps"].get<std::int64_t>();
  const train::Schedule schedule(train::Decay::linear, steps, run["warmup_steps"].get<std::int64_t>());
  std::int64_t step = 0;
  for (const auto& record : run["records"]) {
    const auto documents = record["documents"].get<std::vector<std::size_t>>();
    const nn::PackedBatch batch = golden.batch(documents);
    optimizer.catch_up({batch.ids.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(batch.tokens())});
    const at::Tensor loss = at::cross_entropy_loss(model.logits(batch, {}), golden.labels(documents));
    EXPECT_NEAR(loss.item<double>(), record["loss"].get<double>(), 2e-5) << step;
    loss.backward();
    EXPECT_NEAR(schedule.factor(step), record["lr_factor"].get<double>(), 1e-9) << step;
    EXPECT_NEAR(optimizer.step(schedule.factor(step)), record["grad_norm"].get<double>(), 2e-4) << step;
    ++step;
  }
  optimizer.catch_up();
  for (const nn::Parameter& parameter : model.parameters()) {
    for_stored_parts(parameter, parameter.value, [&](const std::string& name, const at::Tensor& value) {
      if (is_key_bias(name)) return;
      EXPECT_LE(relative_error(value, golden.tensor("final." + name)), 1e-4) << name;
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Train, FineTuning, ::testing::Values("bert", "roberta", "electra"),
                         [](const auto& family) { return family.param; });

}  // namespace
}  // namespace quire::test
