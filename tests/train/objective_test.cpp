// The loop with an objective that is no classification: two networks that share a tensor, a loss that is
// scored by itself, and a backward pass of its own.
#include "quire/train/objective.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "train/networks.h"
#include "train/tiny_task.h"

namespace quire::test {
namespace {

class Vector : public nn::Trainable {
 public:
  explicit Vector(const at::Tensor& shared) {
    nn::Parameter bias;
    bias.names = {"bias"};
    bias.value = at::zeros({1}).requires_grad_();
    bias.depth = 1;
    nn::Parameter table;
    table.names = {"table"};
    table.value = shared;
    parameters_ = {table, bias};
  }
  [[nodiscard]] std::vector<nn::Parameter>& parameters() override { return parameters_; }
  [[nodiscard]] const std::vector<nn::Parameter>& parameters() const override { return parameters_; }
  [[nodiscard]] std::int64_t layers() const override { return 0; }
  [[nodiscard]] std::string recipe() const override { return "vector"; }
  [[nodiscard]] at::Tensor operator()(std::int64_t row) const {
    return parameters_[0].value[row] + parameters_[1].value;
  }

 private:
  std::vector<nn::Parameter> parameters_;
};

// One network is to say a row's number, the other minus that. Their table is one, their biases are not.
class Numbers : public train::Objective {
 public:
  Numbers() : table_(at::zeros({kRows, 2}).requires_grad_()), plus_(table_), minus_(table_) {}

  [[nodiscard]] std::vector<train::Network> networks() override {
    return {{"plus", &plus_}, {"minus", &minus_}};
  }
  [[nodiscard]] std::string recipe() const override { return "numbers"; }
  [[nodiscard]] train::EpochSize epoch_size() const override { return {.batches = 2, .rows = kRows}; }
  [[nodiscard]] std::vector<train::Batch> draw_batches(const train::Draw& draw) const override {
    const std::int64_t half = draw.epoch % 2;
    return {{half, half + 2}, {1 - half, 3 - half}};
  }
  [[nodiscard]] train::StepSize step_size(train::Batches step) const override {
    return {.rows = static_cast<std::int64_t>(2 * step.size()), .tokens = 0, .table_rows = {}};
  }
  train::StepLoss accumulate(train::Batches step, const nn::DropoutState& /*dropout*/) override {
    at::Tensor loss = at::zeros({});
    double weight = 0;
    for (const train::Batch& rows : step) {
      for (const std::int64_t row : rows) loss = loss + loss_of(row);
      weight += static_cast<double>(rows.size());
    }
    (loss / weight).backward();  // of all micro-batches at once
    return {.sum = loss.item<double>(), .weight = weight};
  }
  [[nodiscard]] double guessing_loss() const override { return 10; }
  [[nodiscard]] std::int64_t scored_rows() const override { return kRows; }
  [[nodiscard]] train::Score score(const Context& context, std::string_view stage) override {
    context.check_stop();
    context.progress({.stage = stage, .detail = {}});
    double loss = 0;
    for (std::int64_t row = 0; row < kRows; ++row) loss += loss_of(row).item<double>();
    return {.values = {{"loss", loss}}, .rank = -loss, .text = fmt::format("loss {:.3f}", loss)};
  }

 private:
  static constexpr std::int64_t kRows = 4;
  [[nodiscard]] at::Tensor loss_of(std::int64_t row) const {
    const auto number = static_cast<double>(row);
    return (plus_(row)[0] - number).square() + (minus_(row)[1] + number).square();
  }

  at::Tensor table_;
  Vector plus_, minus_;
};

train::FitPlan plan_of(const std::filesystem::path& directory, std::int64_t epochs) {
  train::FitPlan plan;
  plan.options.epochs = epochs;
  plan.options.accumulation_steps = 2;
  plan.options.optimizer.learning_rate = plan.options.optimizer.head_learning_rate = 0.2;
  plan.directory = directory;
  return plan;
}

std::vector<at::Tensor> weights_of(Numbers& numbers) {
  std::vector<at::Tensor> weights;
  for (const nn::Parameter& parameter : train::join_parameters(numbers.networks(), {}).parameters)
    weights.push_back(parameter.value.detach());
  return weights;
}

TEST(Objective, OfTwoNetworksTrainsWhatTheyShareOnce) {
  Numbers numbers;
  const train::JoinedParameters joined = train::join_parameters(numbers.networks(), {});
  ASSERT_EQ(joined.parameters.size(), 3U);
  EXPECT_EQ(joined.parameters[0].names, std::vector<std::string>{"plus.table"});
  EXPECT_EQ(joined.parameters[0].tied, std::vector<std::string>{"minus.table"});
  EXPECT_EQ(joined.parameters[2].names, std::vector<std::string>{"minus.bias"});
  ASSERT_EQ(joined.groups.size(), 3U);
  EXPECT_EQ(joined.groups[0].name, "plus: embeddings");
  EXPECT_EQ(joined.groups[2].name, "minus: head");
  EXPECT_EQ(joined.groups[2].members, std::vector<std::size_t>{2});
  EXPECT_EQ(joined.groups[2].elements, 1);
}

TEST(Objective, IsLearnedAndItsBestScoreIsKept) {
  const TemporaryDirectory directory;
  Numbers numbers;
  const train::LoopResult result = train::fit(numbers, plan_of(directory.path(), 30), {});
  ASSERT_EQ(result.epochs.size(), 30U);
  double least = result.epochs.front().score["loss"];
  for (const train::EpochResult& epoch : result.epochs) least = std::min(least, epoch.score["loss"]);
  EXPECT_LT(least, 0.1 * result.epochs.front().score["loss"]);
  EXPECT_EQ(numbers.score({}, "")["loss"], least);
  EXPECT_THROW((void)result.epochs.front().score["accuracy"], std::out_of_range);
  std::istringstream lines(read_file(directory / "epochs.jsonl"));
  std::string line;
  std::getline(lines, line);
  EXPECT_TRUE(nlohmann::json::parse(line).contains("valid_loss")) << line;
}

TEST(Objective, StoppedAnywhereAndResumedGivesTheSameBytes) {
  Numbers whole;
  train::fit(whole, plan_of({}, 5), {});
  for (int report = 1;; ++report) {
    const TemporaryDirectory directory;
    train::FitPlan plan = plan_of(directory.path(), 5);
    DisturbAt disturb(report, DisturbAt::Way::signal);
    Numbers first;
    try {
      train::fit(first, plan, disturb.context());
      break;
    } catch (const Interrupted&) {
    }
    Numbers second;
    plan.resume = true;
    train::fit(second, plan, {});
    const std::vector<at::Tensor> found = weights_of(second);
    const std::vector<at::Tensor> expected = weights_of(whole);
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(at::equal(found[i], expected[i])) << report;
  }
}

}  // namespace
}  // namespace quire::test
