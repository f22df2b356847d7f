#include "quire/train/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "quire/base/error.h"
#include "quire/base/stopwatch.h"
#include "quire/nn/aten.h"
#include "train/checkpoint.h"
#include "train/log.h"
#include "train/networks.h"
#include "train/pace.h"
#include "train/watch.h"
#include "train/weights.h"

namespace quire::train {
namespace {

std::int64_t steps_per_epoch(std::int64_t batches, const LoopOptions& options) {
  return (batches + options.accumulation_steps - 1) / options.accumulation_steps;
}

class Loop {
 public:
  Loop(Objective& objective, const FitPlan& plan, const Context& context)
      : objective_(objective),
        plan_(plan),
        options_(plan.options),
        context_(context),
        joined_(join_parameters(objective.networks(), options_.optimizer)),
        optimizer_(joined_.parameters, joined_.groups, options_.optimizer),
        epoch_size_(objective.epoch_size()),
        steps_(count_steps(epoch_size_.batches, options_)),
        schedule_(
            options_.schedule, steps_,
            options_.warmup_steps > 0 ? options_.warmup_steps : warmup_steps(steps_, options_.warmup_ratio)),
        watch_(objective.guessing_loss()) {}

  LoopResult run();

 private:
  [[nodiscard]] std::vector<nn::Parameter>& parameters() { return joined_.parameters; }
  [[nodiscard]] std::filesystem::path checkpoint_path() const;
  [[nodiscard]] std::string recipe() const;
  void save();
  void run_epoch(StepLog& log);
  void run_step(const std::vector<Batch>& batches, StepLog& log);
  void take_step(Batches step, StepRecord& record);
  void finish_epoch();
  void score(EpochResult& result);
  void begin();
  void report(const StepRecord& step) const;
  [[nodiscard]] double seconds_left() const;
  void stop_if_asked();
  [[nodiscard]] bool scores() const { return objective_.scored_rows() > 0; }
  [[nodiscard]] bool selects_best() const { return options_.select == Select::best && scores(); }
  [[nodiscard]] bool out_of_patience() const;
  [[nodiscard]] bool done() const { return state_.steps >= steps_ || out_of_patience(); }

  Objective& objective_;
  const FitPlan& plan_;
  const LoopOptions& options_;
  const Context& context_;
  JoinedParameters joined_;
  AdamW optimizer_;
  EpochSize epoch_size_;
  std::int64_t steps_;
  Schedule schedule_;
  LossWatch watch_;
  LoopState state_;
  Stopwatch epoch_watch_;
  Stopwatch save_watch_;
  Pace pace_;
  std::string stage_;
};

std::filesystem::path Loop::checkpoint_path() const { return plan_.directory / "checkpoint.safetensors"; }

// Everything the result depends on.
std::string Loop::recipe() const {
  const LoopOptions& l = options_;
  const OptimizerOptions& o = options_.optimizer;
  std::int64_t frozen = 0;
  for (const nn::Parameter& parameter : joined_.parameters) frozen += parameter.frozen ? 1 : 0;
  return fmt::format(
      "seed {} fold {} accumulation {} steps {} warmup {} {} schedule {} lr {} {} {} {} {} frozen {} select "
      "{} "
      "{} ema {} patience {} {}",
      context_.seed, plan_.fold, l.accumulation_steps, steps_, l.warmup_ratio, l.warmup_steps,
      static_cast<int>(l.schedule), o.learning_rate, o.head_learning_rate, o.layer_decay, o.weight_decay,
      o.max_grad_norm, frozen, static_cast<int>(l.select), l.average_best, l.ema, l.patience,
      objective_.recipe());
}

void Loop::save() {
  if (plan_.directory.empty()) return;
  optimizer_.catch_up();
  LoopState state = state_;
  state.epoch_seconds += epoch_watch_.seconds();
  save_checkpoint(checkpoint_path(), recipe(), state, parameters(), optimizer_);
}

void Loop::stop_if_asked() {
  const int signal = context_.stop_requested();
  if (signal == 0) return;
  save();
  throw Interrupted(signal, fmt::format("stopped by signal {} in fold {}, epoch {}, after step {} of {}",
                                        signal, plan_.fold, state_.epoch + 1, state_.steps, steps_));
}

// Of this fold and those after it.
double Loop::seconds_left() const {
  const std::int64_t per_epoch = steps_per_epoch(epoch_size_.batches, options_);
  const std::int64_t epochs = (steps_ + per_epoch - 1) / per_epoch;
  const std::int64_t later_folds = plan_.folds - 1 - plan_.fold;
  const auto steps = static_cast<double>(steps_ - state_.steps + later_folds * steps_);
  const auto scorings = static_cast<double>(epochs - state_.epoch + later_folds * epochs);
  return pace_.seconds_for(steps * static_cast<double>(epoch_size_.rows) / static_cast<double>(per_epoch),
                           scorings * static_cast<double>(objective_.scored_rows()));
}

void Loop::report(const StepRecord& step) const {
  const std::string detail = fmt::format(
      "loss {:.3f}  norm {:.2f}  lr {:.2e}  {:.1f} docs/s  {:.0f} tokens/s", step.loss, step.gradient_norm,
      step.learning_rate, pace_.documents_per_second(), pace_.tokens_per_second());
  context_.progress({.stage = stage_,
                     .done = state_.rows,
                     .total = epoch_size_.rows,
                     .detail = detail,
                     .seconds_left = seconds_left()});
}

// The gradient, the step of the weights and that of their averages.
void Loop::take_step(Batches step, StepRecord& record) {
  const nn::DropoutState dropout{
      .active = true, .seed = context_.seed, .epoch = static_cast<std::uint32_t>(state_.epoch), .pass = 0};
  const StepLoss loss = objective_.accumulate(step, dropout);
  const double factor = schedule_.factor(state_.steps);
  record.loss = loss.mean();
  record.learning_rate = options_.optimizer.learning_rate * factor;
  record.gradient_norm = std::isfinite(record.loss) ? optimizer_.step(factor) : record.loss;
  watch_.check({.fold = plan_.fold,
                .step = record.step,
                .loss = record.loss,
                .gradient_norm = record.gradient_norm,
                .learning_rate = record.learning_rate});
  ++state_.steps;
  if (options_.ema > 0) {
    optimizer_.catch_up();  // the average follows every row, step by step
    update_averages(state_.averages, parameters(), options_.ema, state_.steps);
  }
  state_.loss_sum += loss.sum;
  state_.weight += loss.weight;
}

void Loop::run_step(const std::vector<Batch>& batches, StepLog& log) {
  const Stopwatch watch;
  const auto first = static_cast<std::size_t>(state_.next_batch);
  const std::size_t last =
      std::min(first + static_cast<std::size_t>(options_.accumulation_steps), batches.size());
  const Batches step(batches.data() + first, last - first);
  const StepSize size = objective_.step_size(step);
  size.table_rows ? optimizer_.catch_up(*size.table_rows) : optimizer_.catch_up();
  StepRecord record{.step = state_.steps + 1, .epoch = state_.epoch};
  take_step(step, record);
  state_.next_batch = static_cast<std::int64_t>(last);
  state_.rows += size.rows;
  const double elapsed = watch.seconds();
  pace_.add_step(elapsed, size.rows, size.tokens);
  record.documents_per_second = static_cast<double>(size.rows) / elapsed;
  record.tokens_per_second = static_cast<double>(size.tokens) / elapsed;
  log.write(record);
  report(record);
}

void Loop::run_epoch(StepLog& log) {
  stage_ =
      fmt::format("fold {}/{} epoch {}/{}", plan_.fold + 1, plan_.folds, state_.epoch + 1, options_.epochs);
  const std::vector<Batch> batches = objective_.draw_batches(
      {.seed = context_.seed, .fold = plan_.fold, .epoch = static_cast<std::uint32_t>(state_.epoch)});
  epoch_watch_.restart();
  while (state_.next_batch < static_cast<std::int64_t>(batches.size()) && !done()) {
    stop_if_asked();
    run_step(batches, log);
    if (save_watch_.seconds() > options_.save_every_minutes * 60) {
      save();
      save_watch_.restart();
    }
  }
  stop_if_asked();
}

// Measures the weights, or their average, and keeps them if they are among the best.
void Loop::score(EpochResult& result) {
  const Stopwatch watch;
  const AveragedWeights averaged(parameters(), state_.averages);
  result.score = objective_.score(context_, stage_);
  if (selects_best()) {
    keep_snapshot(state_.snapshots, static_cast<std::size_t>(options_.average_best), state_.epoch,
                  result.score.rank, parameters());
  }
  pace_.add_scoring(watch.seconds(), objective_.scored_rows());
}

void Loop::finish_epoch() {
  optimizer_.catch_up();
  EpochResult result;
  result.epoch = state_.epoch;
  result.train_loss = state_.weight > 0 ? state_.loss_sum / state_.weight : 0;
  std::string line = fmt::format("{}: train loss {:.4f}", stage_, result.train_loss);
  if (scores()) {
    try {
      score(result);
    } catch (const Interrupted&) {
      stop_if_asked();
      throw;
    }
    line += fmt::format(", validation {}", result.score.text);
  }
  result.seconds = state_.epoch_seconds + epoch_watch_.seconds();
  context_.info(line + fmt::format(" ({:.0f} s)", result.seconds));
  state_.epochs.push_back(result);
  state_.begin_next_epoch();
  epoch_watch_.restart();
  if (!plan_.directory.empty()) write_epochs(plan_.directory / "epochs.jsonl", state_.epochs);
  if (out_of_patience() && state_.steps < steps_)
    context_.info(fmt::format("stops early: no better epoch in the last {}", options_.patience));
}

bool Loop::out_of_patience() const {
  if (options_.patience == 0 || !scores()) return false;
  std::int64_t since = 0;
  double best = -std::numeric_limits<double>::infinity();
  for (const EpochResult& epoch : state_.epochs) {
    since = epoch.score.rank > best ? 0 : since + 1;
    best = std::max(best, epoch.score.rank);
  }
  return since >= options_.patience;
}

// From a checkpoint if there is one, else from the start.
void Loop::begin() {
  if (plan_.resume) {
    if (auto found = load_checkpoint(checkpoint_path(), recipe(), parameters(), optimizer_)) {
      state_ = std::move(*found);
      context_.info(
          fmt::format("fold {}: goes on after step {} of {}", plan_.fold + 1, state_.steps, steps_));
      return;
    }
  }
  objective_.prepare(plan_.fold, context_);
}

LoopResult Loop::run() {
  begin();
  StepLog log(plan_.directory.empty() ? std::filesystem::path() : plan_.directory / "log.jsonl",
              state_.steps);
  // An epoch all of whose steps are done, but which was stopped before it was scored, is still to be
  // finished, be it the last one.
  while (!done() || state_.next_batch > 0) {
    run_epoch(log);
    finish_epoch();
    // An epoch that is over is not trained again, whatever happens in the next.
    if (!done()) save();
  }
  if (!state_.snapshots.empty()) {
    set_weights(parameters(), average(state_.snapshots));
  } else if (!state_.averages.empty()) {
    set_weights(parameters(), state_.averages);
  }
  return {state_.epochs, state_.snapshots.empty() ? state_.epoch - 1 : state_.snapshots.front().epoch,
          state_.steps};
}

}  // namespace

std::int64_t count_steps(std::int64_t batches, const LoopOptions& options) {
  const std::int64_t all = steps_per_epoch(batches, options) * options.epochs;
  return options.max_steps > 0 ? std::min(options.max_steps, all) : all;
}

LoopResult fit(Objective& objective, const FitPlan& plan, const Context& context) {
  return Loop(objective, plan, context).run();
}

}  // namespace quire::train
