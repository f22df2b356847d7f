// The loop on a tiny random model and a task of our own.
#include "quire/train/loop.h"

#include <limits>
#include <sstream>

#include "quire/base/error.h"
#include "quire/ensemble/metrics.h"
#include "quire/train/predict.h"
#include "train/tiny_task.h"

namespace quire::test {
namespace {

TEST(Loop, LearnsATaskThatCanBeLearned) {
  const Task task(300);
  nn::Classifier model = tiny_model(3);
  const train::LoopResult result = fit(model, task, quick_options());
  EXPECT_GT(result.epochs.at(static_cast<std::size_t>(result.selected_epoch)).score["accuracy"], 0.9);
}

TEST(Loop, PermutedLabelsGiveChance) {
  Task task(600);
  Random(9, Purpose::test).shuffle(std::span(task.labels));
  FitOptions options = quick_options();
  options.select = train::Select::last;
  nn::Classifier model = tiny_model(3);
  const train::LoopResult result = fit(model, task, options);
  // 120 rows at one in three: four standard deviations are .17.
  EXPECT_NEAR(result.epochs.back().score["accuracy"], 1.0 / 3, 0.17);
}

TEST(Loop, KeepsTheBestEpoch) {
  const Task task(100);
  nn::Classifier model = tiny_model(3);
  const train::LoopResult result = fit(model, task, quick_options());
  const Matrix probabilities = train::predict(model, task.corpus, task.valid, {});
  std::vector<int> truth;
  for (const std::int64_t row : task.valid) truth.push_back(task.labels[static_cast<std::size_t>(row)]);
  double best = 0;
  for (const auto& epoch : result.epochs) best = std::max(best, epoch.score["accuracy"]);
  EXPECT_DOUBLE_EQ(measure(truth, most_probable(probabilities), 3).accuracy, best);
}

TEST(Loop, SameSeedGivesTheSameBytesAndAnotherDoesNot) {
  const Task task(100);
  const auto train_with = [&](std::uint64_t seed) {
    nn::Classifier model = tiny_model(3);
    Context context;
    context.seed = seed;
    fit(model, task, quick_options(), {}, false, context);
    return model;
  };
  EXPECT_TRUE(same_weights(train_with(1), train_with(1)));
  EXPECT_FALSE(same_weights(train_with(1), train_with(2)));
}

// Accumulating 4 micro-batches of 2 is one batch of 8, dropout included.
TEST(Loop, AccumulationEqualsTheLargeBatch) {
  Task task(8);
  task.train = {0, 1, 2, 3, 4, 5, 6, 7};
  task.valid = {};
  const auto norm_of_first_step = [&](std::int64_t batch, std::int64_t accumulation) {
    const TemporaryDirectory directory;
    nn::Classifier model = tiny_model(3);
    FitOptions options = quick_options();
    options.batch_size = batch;
    options.accumulation_steps = accumulation;
    options.max_steps = 1;
    fit(model, task, options, directory.path());
    return nlohmann::json::parse(read_file(directory / "log.jsonl"))["grad_norm"].get<double>();
  };
  const double whole = norm_of_first_step(8, 1);
  EXPECT_NEAR(norm_of_first_step(2, 4), whole, 1e-5 * whole);
}

TEST(Loop, InterruptedAndResumedGivesTheSameBytes) {
  const Task task(100);
  nn::Classifier whole = tiny_model(3);
  fit(whole, task, quick_options());
  for (const int steps : {1, 7, 10, 13, 25}) {
    const TemporaryDirectory directory;
    EXPECT_TRUE(same_weights(whole, stopped_and_resumed(task, quick_options(), steps, directory))) << steps;
    std::int64_t lines = 0;
    std::istringstream log(read_file(directory / "log.jsonl"));
    for (std::string line; std::getline(log, line); ++lines)
      EXPECT_EQ(nlohmann::json::parse(line)["step"], lines + 1);
    EXPECT_EQ(lines, 40);
  }
}

TEST(Loop, StopsWhenTheLossIsNoNumber) {
  const Task task(50);
  nn::Classifier model = tiny_model(3);
  {
    const at::NoGradGuard no_grad;
    model.parameters().front().value.fill_(std::numeric_limits<float>::quiet_NaN());
  }
  EXPECT_ERROR(fit(model, task, quick_options()), Error, "step 1");
}

}  // namespace
}  // namespace quire::test
