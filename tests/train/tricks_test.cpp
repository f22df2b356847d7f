// The options of fine-tuning beyond the plain recipe.
#include <cmath>
#include <set>

#include "quire/base/error.h"
#include "quire/ensemble/metrics.h"
#include "quire/nn/aten.h"
#include "quire/train/overfit.h"
#include "quire/train/predict.h"
#include "train/tiny_task.h"
#include "train/watch.h"
#include "train/weights.h"

namespace quire::test {
namespace {

using train::Adversarial;

std::vector<at::Tensor> gradients(const nn::Classifier& model) {
  std::vector<at::Tensor> found;
  for (const nn::Parameter& parameter : model.parameters())
    found.push_back(parameter.value.grad().defined() ? dense(parameter.value.grad()).clone()
                                                     : at::zeros_like(parameter.value));
  return found;
}

double difference(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  double squares = 0;
  double all = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    squares += (a[i] - b[i]).square().sum().item<double>();
    all += b[i].square().sum().item<double>();
  }
  return std::sqrt(squares / all);
}

// The gradient of one step over 8 documents, cut into micro-batches of `size`.
std::vector<at::Tensor> step_gradient(const Task& task, const FitOptions& options, std::size_t size,
                                      const nn::ClassifierOptions& model_options = {}) {
  nn::Classifier model = tiny_model(3, model_options);
  const std::vector<at::Tensor> before = train::copy_weights(model.parameters());
  train::Classification objective = objective_of(model, task, options);
  std::vector<std::vector<std::int64_t>> batches;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i % size == 0) batches.emplace_back();
    batches.back().push_back(static_cast<std::int64_t>(i));
  }
  objective.accumulate(batches, {.active = true, .seed = 1, .epoch = 0, .pass = 0});
  for (std::size_t i = 0; i < before.size(); ++i)
    EXPECT_TRUE(at::equal(before[i], model.parameters()[i].value)) << "weights must be restored exactly";
  return gradients(model);
}

FitOptions with(const std::string& trick) {
  FitOptions options = quick_options();
  options.adversarial.epsilon = 0.05;  // the embeddings of a new model are small
  if (trick == "fgm") options.adversarial.kind = Adversarial::fgm;
  if (trick == "pgd") options.adversarial.kind = Adversarial::pgd;
  if (trick == "r_drop") options.r_drop = 1;
  if (trick == "focal") options.focal_gamma = 2;
  if (trick == "smoothing") options.label_smoothing = 0.1;
  if (trick == "weights") options.class_weights = {0.5F, 1.0F, 1.5F};
  if (trick == "ema") options.ema = 0.5;
  if (trick == "average") options.average_best = 2;
  if (trick == "probe") options.probe_head = true;
  if (trick == "cosine") options.schedule = train::Decay::cosine;
  return options;
}

class Tricks : public ::testing::TestWithParam<const char*> {};

TEST_P(Tricks, FourMicroBatchesOfTwoAreOneOfEight) {
  const Task task(8);
  EXPECT_LE(difference(step_gradient(task, with(GetParam()), 2), step_gradient(task, with(GetParam()), 8)),
            1e-5);
}

TEST_P(Tricks, Learn) {
  const Task task(300);
  nn::Classifier model = tiny_model(3);
  const train::LoopResult result = fit(model, task, with(GetParam()));
  const Matrix predicted = train::predict(model, task.corpus, task.valid, {});
  std::vector<int> truth;
  for (const std::int64_t row : task.valid) truth.push_back(task.labels[static_cast<std::size_t>(row)]);
  EXPECT_GT(measure(truth, most_probable(predicted), 3).accuracy, 0.7);  // chance: a third
}

TEST_P(Tricks, InterruptedAndResumedGivesTheSameBytes) {
  const Task task(60);
  FitOptions options = with(GetParam());
  options.accumulation_steps = 2;
  nn::Classifier whole = tiny_model(3);
  fit(whole, task, options);
  for (const int steps : {2, 5, 9})
    EXPECT_TRUE(same_weights(whole, stopped_and_resumed(task, options, steps))) << steps;
}

INSTANTIATE_TEST_SUITE_P(Loop, Tricks,
                         ::testing::Values("fgm", "pgd", "r_drop", "focal", "smoothing", "weights", "ema",
                                           "average", "cosine"),
                         [](const auto& trick) { return std::string(trick.param); });

// FGM adds the gradient at embeddings moved by epsilon along the clean gradient (Miyato et al. 2017).
TEST(Adversarial, FgmIsTheGradientAtThePerturbedEmbeddings) {
  const Task task(8);
  const FitOptions plain = quick_options();
  const std::vector<at::Tensor> clean = step_gradient(task, plain, 8);
  nn::Classifier moved = tiny_model(3);
  {
    const at::NoGradGuard no_grad;
    moved.parameters().front().value.add_(0.05 * clean.front() / clean.front().norm());
  }
  train::Classification objective = objective_of(moved, task, plain);
  const std::vector<std::vector<std::int64_t>> batch = {{0, 1, 2, 3, 4, 5, 6, 7}};
  objective.accumulate(batch, {.active = true, .seed = 1, .epoch = 0, .pass = 0});
  std::vector<at::Tensor> expected = gradients(moved);
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = expected[i] + clean[i];
  EXPECT_LE(difference(step_gradient(task, with("fgm"), 8), expected), 1e-5);
}

TEST(Adversarial, PgdOfOneStepInTheBallIsFgm) {
  const Task task(8);
  FitOptions pgd = with("pgd");
  pgd.adversarial.steps = 1;
  EXPECT_LE(difference(step_gradient(task, pgd, 8), step_gradient(task, with("fgm"), 8)), 1e-5);
}

TEST(Averages, FollowTheirFormula) {
  nn::Classifier model = tiny_model(3);
  std::vector<at::Tensor> averages = train::copy_weights(model.parameters());
  at::Tensor weight = model.parameters().front().value;
  const at::Tensor before = weight.detach().clone();
  {
    const at::NoGradGuard no_grad;
    weight.add_(1);
  }
  train::update_averages(averages, model.parameters(), 0.99, 8);  // the decay is (1 + 8) / (10 + 8)
  EXPECT_LE(relative_error(averages.front(), before + 0.5), 1e-6);
}

TEST(Snapshots, KeepTheBestEpochsAndAverageThem) {
  nn::Classifier model = tiny_model(3);
  std::vector<train::Snapshot> kept;
  at::Tensor weight = model.parameters().front().value;
  const double accuracies[] = {0.5, 0.7, 0.6, 0.7};
  for (int epoch = 0; epoch < 4; ++epoch) {
    const at::NoGradGuard no_grad;
    weight.fill_(epoch);
    train::keep_snapshot(kept, 2, epoch, accuracies[epoch], model.parameters());
  }
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].epoch, 1);
  EXPECT_EQ(kept[1].epoch, 3);
  EXPECT_EQ(train::average(kept).front().max().item<float>(), 2.0F);
}

TEST(Patience, StopsAfterEpochsWithoutABetterOne) {
  const Task task(60);
  nn::Classifier model = tiny_model(3);
  FitOptions options = quick_options();
  options.epochs = 20;
  options.patience = 2;
  options.optimizer.learning_rate = options.optimizer.head_learning_rate = 0;  // nothing ever gets better
  EXPECT_EQ(fit(model, task, options).epochs.size(), 3U);
}

TEST(Freezing, LeavesWhatIsFrozenAndTrainsTheRest) {
  const Task task(40);
  nn::Classifier model = tiny_model(3);
  model.freeze(1, true);
  const std::vector<at::Tensor> before = train::copy_weights(model.parameters());
  fit(model, task, quick_options());
  for (std::size_t i = 0; i < before.size(); ++i) {
    const nn::Parameter& parameter = model.parameters()[i];
    EXPECT_EQ(at::equal(before[i], parameter.value), parameter.depth <= 1) << parameter.names.front();
  }
}

TEST(Probe, IsTheLogisticRegressionOnWhatTheHeadReads) {
  const Task task(200);
  nn::ClassifierOptions options;
  options.head = nn::HeadKind::mean;
  nn::Classifier model = tiny_model(3, options);
  const Matrix vectors = train::head_inputs(model, task.corpus, task.train, {});
  ASSERT_EQ(vectors.cols, 32);
  objective_of(model, task, with("probe")).prepare(0, {});
  const std::vector<int> found = most_probable(train::predict(model, task.corpus, task.train, {}));
  std::vector<int> labels;
  for (const std::int64_t row : task.train) labels.push_back(task.labels[static_cast<std::size_t>(row)]);
  const double probed = measure(labels, found, 3).accuracy;
  // The encoder is random and its vectors say little, but more than chance on the rows it was fitted on.
  EXPECT_GT(probed, 0.45);
}

TEST(OverfitBatch, ShowsThatAModelLearnsAndThatContradictionsCannotBeLearned) {
  Task task(40);
  nn::Classifier model = tiny_model(3);
  const FitOptions options = quick_options();
  train::Classification objective = objective_of(model, task, options);
  const train::OverfitResult result = train::overfit_batch(objective, options.optimizer, 0, {});
  EXPECT_TRUE(result.learned);
  EXPECT_LT(result.last_loss, result.first_loss);
  Task same(0);
  for (int row = 0; row < 8; ++row) {
    const std::vector<std::int32_t> ids = {1, 10, 11};
    same.corpus.add(ids, std::vector<std::uint8_t>(3, 0), false);
    same.labels.push_back(row % 2);
    same.train.push_back(row);
  }
  nn::Classifier other = tiny_model(3);
  train::Classification contradictory = objective_of(other, same, options);
  EXPECT_FALSE(train::overfit_batch(contradictory, options.optimizer, 0, {}, 30).learned);
}

TEST(LossWatch, StopsAnExplosionAndNoNumbersButNotABadStep) {
  train::LossWatch watch(2.3);
  watch.check({.fold = 0, .step = 1, .loss = 30, .gradient_norm = 1, .learning_rate = 1e-3});
  const auto explode = [&] {
    for (int step = 2; step < 50; ++step)
      watch.check({.fold = 0, .step = step, .loss = 30, .gradient_norm = 1, .learning_rate = 1e-3});
  };
  EXPECT_ERROR(explode(), Error, "explodes");
  train::LossWatch other(2.3);
  EXPECT_ERROR(other.check({.fold = 0, .step = 7, .loss = 1, .gradient_norm = NAN, .learning_rate = 1}),
               Error, "step 7");
}

class Warnings : public Observer {
 public:
  void message(Level level, std::string_view text) override {
    if (level == Level::warning) texts.emplace_back(text);
  }
  std::vector<std::string> texts;
};

TEST(Collapse, IsSaid) {
  Warnings warnings;
  Context context;
  context.observer = &warnings;
  const std::vector<int> truth = {0, 1, 2};
  train::warn_of_collapse(truth, std::vector<int>{1, 2, 0}, "epoch 1", context);
  EXPECT_TRUE(warnings.texts.empty());
  train::warn_of_collapse(truth, std::vector<int>{1, 1, 1}, "epoch 1", context);
  EXPECT_EQ(warnings.texts.size(), 1U);
}

}  // namespace
}  // namespace quire::test
