// AdamW that leaves rows without a gradient for later, against AdamW that does not.
#include <cmath>

#include "nn/golden.h"
#include "quire/base/random.h"
#include "quire/train/optimizer.h"
#include "quire/train/schedule.h"
#include "train/tiny_task.h"

namespace quire::test {
namespace {

constexpr std::int64_t kRows = 300;
constexpr std::int64_t kWidth = 40;
constexpr std::int64_t kSteps = 400;
constexpr std::int64_t kRare = 290;  // read in the first and the last steps alone; those above it never

constexpr double kMaxNorm = 12;  // some steps are clipped, others not

// The rows that step `step` reads, in rising order: low ones in most steps, high ones hardly ever.
std::vector<std::int64_t> rows_of(std::int64_t step) {
  Random random(4, Purpose::test, static_cast<std::uint32_t>(step));
  std::vector<bool> read(kRows);
  for (int i = 0; i < 30; ++i) read[static_cast<std::size_t>(kRare * std::pow(random.uniform(), 4))] = true;
  read[static_cast<std::size_t>(kRare)] = step < 2 || step + 3 > kSteps;
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < kRows; ++row) {
    if (read[static_cast<std::size_t>(row)]) rows.push_back(row);
  }
  return rows;
}

// A table of embeddings and one more tensor under AdamW with warmup, linear decay and clipping.
class Training {
 public:
  explicit Training(bool sparse) : sparse_(sparse), optimizer_(parameters(), groups(), options()) {}
  // Goes on from the bytes of another one, as from a checkpoint.
  Training(bool sparse, const std::vector<at::Tensor>& state, std::int64_t steps) : Training(sparse) {
    const at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < 2; ++i) {
      parameters_[i].value.copy_(state[3 * i]);
      optimizer_.moments()[i].first.copy_(state[3 * i + 1]);
      optimizer_.moments()[i].second.copy_(state[3 * i + 2]);
    }
    optimizer_.set_steps_done(steps);
  }

  void step() {
    const std::int64_t step = optimizer_.steps_done();
    at::manual_seed(static_cast<std::uint64_t>(1000 + step));
    const at::Tensor rows = at::tensor(rows_of(step));
    optimizer_.catch_up(rows_of(step));
    // Of weights as they are read, so that a row that did not catch up would show.
    const at::Tensor read = parameters_[0].value.detach().index_select(0, rows);
    const at::Tensor values = 0.3 * at::randn({rows.size(0), kWidth}) + 0.2 * read;
    const at::Tensor gradient = at::sparse_coo_tensor(rows.unsqueeze(0), values, {kRows, kWidth}).coalesce();
    parameters_[0].value.mutable_grad() = sparse_ ? gradient : gradient.to_dense();
    parameters_[1].value.mutable_grad() = at::randn({kWidth});
    norms_.push_back(optimizer_.step(schedule_.factor(step)));
  }
  void steps_to(std::int64_t end) {
    while (optimizer_.steps_done() < end) step();
  }

  [[nodiscard]] std::vector<at::Tensor> state() {
    optimizer_.catch_up();
    std::vector<at::Tensor> all;
    for (std::size_t i = 0; i < 2; ++i) {
      for (const at::Tensor& tensor :
           {parameters_[i].value.detach(), optimizer_.moments()[i].first, optimizer_.moments()[i].second})
        all.push_back(tensor.clone());
    }
    return all;
  }
  void make_dense() { sparse_ = false; }
  [[nodiscard]] const std::vector<double>& norms() const { return norms_; }
  [[nodiscard]] train::AdamW& optimizer() { return optimizer_; }

 private:
  std::vector<nn::Parameter>& parameters() {
    at::manual_seed(1);
    parameters_.resize(2);
    parameters_[0].names = {"words"};
    parameters_[0].sparse = true;
    parameters_[0].value = at::randn({kRows, kWidth}).requires_grad_();
    parameters_[1].names = {"other"};
    parameters_[1].value = at::randn({kWidth}).requires_grad_();
    return parameters_;
  }
  static std::vector<train::ParameterGroup> groups() {
    return {{.name = "words", .learning_rate = 1e-2, .weight_decay = 0.1, .members = {0}, .elements = 0},
            {.name = "other", .learning_rate = 1e-2, .weight_decay = 0, .members = {1}, .elements = 0}};
  }
  static train::OptimizerOptions options() { return {.max_grad_norm = kMaxNorm}; }

  bool sparse_;
  std::vector<nn::Parameter> parameters_;
  train::AdamW optimizer_;
  train::Schedule schedule_{train::Decay::linear, kSteps, kSteps / 10};
  std::vector<double> norms_;
};

void expect_same(const std::vector<at::Tensor>& found, const std::vector<at::Tensor>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(at::equal(found[i], expected[i])) << i;
}

TEST(LazyRows, EqualDenseAdamW) {
  Training lazy(true);
  Training dense(false);
  std::int64_t clipped = 0;
  for (std::int64_t step = 0; step < kSteps; ++step) {
    lazy.step();
    dense.step();
    const double norm = dense.norms().back();
    EXPECT_NEAR(lazy.norms().back(), norm, 1e-6 * norm) << step;
    clipped += norm > kMaxNorm ? 1 : 0;
  }
  EXPECT_GT(clipped, kSteps / 4);
  EXPECT_LT(clipped, kSteps);
  const std::vector<at::Tensor> found = lazy.state();
  const std::vector<at::Tensor> expected = dense.state();
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_LE(relative_error(found[i], expected[i]), 1e-6) << i;
  // Row by row: the rare ones count as much.
  const at::Tensor worst = (found[0] - expected[0]).abs().amax(1) / expected[0].abs().amax(1);
  EXPECT_LE(worst.max().item<double>(), 1e-6);
}

TEST(LazyRows, WhenTheyCatchUpDoesNotMatter) {
  Training late(true);
  late.steps_to(kSteps);
  Training often(true);
  for (std::int64_t step = 1; step <= kSteps; ++step) {
    often.steps_to(step);
    if (step % 7 == 0) often.optimizer().catch_up(std::vector<std::int64_t>{kRare, 5, kRare, step % kRows});
    if (step % 50 == 3 || step > 380) often.optimizer().catch_up();
  }
  expect_same(often.state(), late.state());
}

TEST(LazyRows, ResumedFromWhatWasSavedGiveTheSameBytes) {
  Training whole(true);
  whole.steps_to(kSteps);
  for (const std::int64_t stop : {1, 37, 250, 399}) {
    Training first(true);
    first.steps_to(stop);
    Training second(true, first.state(), stop);
    second.steps_to(kSteps);
    expect_same(second.state(), whole.state());
  }
}

TEST(LazyRows, DoNotDependOnThreads) {
  const int before = at::get_num_threads();
  std::vector<std::vector<at::Tensor>> states;
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    Training training(true);
    training.steps_to(150);
    states.push_back(training.state());
  }
  at::set_num_threads(before);
  expect_same(states[1], states[0]);
}

TEST(LazyRows, ADenseGradientIsOfAllRows) {
  Training mixed(true);
  mixed.steps_to(20);
  Training same(true);
  same.steps_to(20);
  Training dense(false, same.state(), 20);
  mixed.make_dense();
  mixed.steps_to(40);
  dense.steps_to(40);
  expect_same(mixed.state(), dense.state());
}

// Each table lags behind by rows of its own.
TEST(LazyRows, OfSeveralTablesEqualDenseAdamW) {
  const auto tables_after = [](bool sparse) {
    std::vector<nn::Parameter> parameters(2);
    for (std::size_t i = 0; i < 2; ++i) {
      parameters[i].names = {std::to_string(i)};
      parameters[i].sparse = true;
      parameters[i].value = at::ones({6, 4}).requires_grad_();
    }
    train::AdamW optimizer(
        parameters,
        {{.name = "", .learning_rate = 0.1, .weight_decay = 0.1, .members = {0, 1}, .elements = 0}}, {});
    for (std::int64_t step = 0; step < 20; ++step) {
      for (std::int64_t i = 0; i < 2; ++i) {
        const at::Tensor row = at::full({1}, (step * (i + 2)) % 5, at::kLong);  // never row 5
        const at::Tensor gradient =
            at::sparse_coo_tensor(row.unsqueeze(0), at::full({1, 4}, 0.1 * static_cast<double>(step - i)),
                                  {6, 4})
                .coalesce();
        parameters[static_cast<std::size_t>(i)].value.mutable_grad() =
            sparse ? gradient : gradient.to_dense();
      }
      optimizer.step(1);
    }
    optimizer.catch_up();
    return std::vector<at::Tensor>{parameters[0].value.detach(), parameters[1].value.detach()};
  };
  const std::vector<at::Tensor> lazy = tables_after(true);
  const std::vector<at::Tensor> dense = tables_after(false);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_LE(relative_error(lazy[i], dense[i]), 1e-6) << i;
  EXPECT_FALSE(at::equal(lazy[0], lazy[1]));
}

TEST(LazyRows, AreOfMarkedTablesAlone) {
  std::vector<nn::Parameter> parameters(1);
  parameters[0].names = {"encoder.weight"};
  parameters[0].value = at::ones({6, 4}).requires_grad_();
  train::AdamW optimizer(
      parameters, {{.name = "", .learning_rate = 0.1, .weight_decay = 0, .members = {0}, .elements = 0}}, {});
  parameters[0].value.mutable_grad() =
      at::sparse_coo_tensor(at::zeros({1, 1}, at::kLong), at::ones({1, 4}), {6, 4});
  EXPECT_ERROR(optimizer.step(1), c10::Error, "'encoder.weight'");
}

// Words that no document has decay with the rest, whatever is asked for in between.
TEST(LazyRows, ATableThatIsHardlyReadResumesToTheSameBytes) {
  const Task task(60);
  FitOptions options = quick_options();
  options.optimizer.weight_decay = 0.1;
  options.batch_size = 2;
  nn::Classifier whole = tiny_model(3);
  const at::Tensor before = whole.parameters().front().value.detach().clone();
  fit(whole, task, options);
  const at::Tensor after = whole.parameters().front().value.detach();
  EXPECT_LT(after[8].norm().item<double>(), before[8].norm().item<double>());  // no document has word 8
  FitOptions saving = options;
  saving.save_every_minutes = 0;  // after every step
  const TemporaryDirectory directory;
  nn::Classifier saved = tiny_model(3);
  fit(saved, task, saving, directory.path());
  EXPECT_TRUE(same_weights(saved, whole));
  for (const int steps : {3, 24, 50})
    EXPECT_TRUE(same_weights(whole, stopped_and_resumed(task, options, steps)));
}

}  // namespace
}  // namespace quire::test
