#include "quire/train/loop.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cmath>

#include "quire/base/error.h"
#include "quire/nn/aten.h"
#include "quire/train/predict.h"
#include "train/checkpoint.h"
#include "train/gradient.h"
#include "train/log.h"
#include "train/pace.h"
#include "train/probe.h"
#include "train/watch.h"
#include "train/weights.h"

namespace quire::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::int64_t steps_per_epoch(std::int64_t rows, const LoopOptions& options) {
  const std::int64_t documents = options.batch_size * options.accumulation_steps;
  return (rows + documents - 1) / documents;
}

class Loop {
 public:
  Loop(nn::TextModel& model, const LoopInput& input, const LoopOptions& options, const Context& context)
      : model_(model),
        input_(input),
        options_(options),
        context_(context),
        optimizer_(model.parameters(),
                   group_parameters(model.parameters(), model.layers(), options.optimizer),
                   options.optimizer),
        gradient_(model, input, options),
        steps_(count_steps(static_cast<std::int64_t>(input.train.size()), options)),
        schedule_(
            options.schedule, steps_,
            options.warmup_steps > 0 ? options.warmup_steps : warmup_steps(steps_, options.warmup_ratio)),
        watch_(model.classes()) {}

  LoopResult run();

 private:
  [[nodiscard]] std::filesystem::path checkpoint_path() const;
  [[nodiscard]] std::string recipe() const;
  void save();
  void run_epoch(StepLog& log);
  void run_step(const std::vector<std::vector<std::int64_t>>& batches, StepLog& log);
  void finish_epoch();
  void score(EpochResult& result, std::string& line);
  void begin();
  void report(const StepRecord& step) const;
  [[nodiscard]] double seconds_left() const;
  void stop_if_asked();
  [[nodiscard]] bool selects_best() const { return options_.select == Select::best && !input_.valid.empty(); }
  [[nodiscard]] bool out_of_patience() const;
  [[nodiscard]] bool done() const { return state_.steps >= steps_ || out_of_patience(); }

  nn::TextModel& model_;
  const LoopInput& input_;
  const LoopOptions& options_;
  const Context& context_;
  AdamW optimizer_;
  GradientSource gradient_;
  std::int64_t steps_;
  Schedule schedule_;
  LossWatch watch_;
  LoopState state_;
  Clock::time_point epoch_start_;
  Clock::time_point last_save_ = Clock::now();
  Pace pace_;
  std::string stage_;
};

std::filesystem::path Loop::checkpoint_path() const { return input_.directory / "checkpoint.safetensors"; }

// Everything the result depends on but the model itself.
std::string Loop::recipe() const {
  const LoopOptions& l = options_;
  const OptimizerOptions& o = options_.optimizer;
  std::int64_t frozen = 0;
  for (const nn::Parameter& parameter : model_.parameters()) frozen += parameter.frozen ? 1 : 0;
  return fmt::format(
      "seed {} fold {} train {} valid {} tokens {} windows {} batch {}x{} steps {} warmup {} {} schedule {} "
      "lr {} {} {} {} {} frozen {} loss {} {} {} r-drop {} adversarial {} {} {} probe {} select {} {} ema {} "
      "patience {} model {}",
      context_.seed, input_.fold, input_.train.size(), input_.valid.size(), input_.corpus->tokens(),
      input_.corpus->windows(), l.batch_size, l.accumulation_steps, steps_, l.warmup_ratio, l.warmup_steps,
      static_cast<int>(l.schedule), o.learning_rate, o.head_learning_rate, o.layer_decay, o.weight_decay,
      o.max_grad_norm, frozen, l.label_smoothing, l.focal_gamma, fmt::join(l.class_weights, " "), l.r_drop,
      static_cast<int>(l.adversarial), l.adversarial_epsilon, l.adversarial_steps, l.probe_head,
      static_cast<int>(l.select), l.average_best, l.ema, l.patience, model_.recipe());
}

void Loop::save() {
  if (input_.directory.empty()) return;
  optimizer_.catch_up();
  LoopState state = state_;
  state.epoch_seconds += seconds_since(epoch_start_);
  save_checkpoint(checkpoint_path(), recipe(), state, model_.parameters(), optimizer_);
}

void Loop::stop_if_asked() {
  const int signal = context_.stop_requested();
  if (signal == 0) return;
  save();
  throw Interrupted(signal, fmt::format("stopped by signal {} in fold {}, epoch {}, after step {} of {}",
                                        signal, input_.fold, state_.epoch + 1, state_.steps, steps_));
}

// Of this fold and those after it.
double Loop::seconds_left() const {
  const auto per_epoch = steps_per_epoch(static_cast<std::int64_t>(input_.train.size()), options_);
  const std::int64_t epochs = (steps_ + per_epoch - 1) / per_epoch;
  const std::int64_t later_folds = input_.folds - 1 - input_.fold;
  const double steps = static_cast<double>(steps_ - state_.steps + later_folds * steps_);
  const double scorings = static_cast<double>(epochs - state_.epoch + later_folds * epochs);
  return pace_.seconds_for(
      steps * static_cast<double>(input_.train.size()) / static_cast<double>(per_epoch),
      scorings * static_cast<double>(input_.valid.size()));
}

void Loop::report(const StepRecord& step) const {
  const std::string detail =
      fmt::format("loss {:.3f}  norm {:.2f}  lr {:.2e}  {:.1f} docs/s  {:.0f} tokens/s", step.loss,
                  step.gradient_norm, step.learning_rate, pace_.documents_per_second(),
                  pace_.tokens_per_second());
  context_.progress({.stage = stage_,
                     .done = state_.documents,
                     .total = static_cast<std::int64_t>(input_.train.size()),
                     .detail = detail,
                     .seconds_left = seconds_left()});
}

void Loop::run_step(const std::vector<std::vector<std::int64_t>>& batches, StepLog& log) {
  const Clock::time_point begin = Clock::now();
  const auto first = static_cast<std::size_t>(state_.next_batch);
  const std::size_t last =
      std::min(first + static_cast<std::size_t>(options_.accumulation_steps), batches.size());
  const Batches step(batches.data() + first, last - first);
  std::int64_t documents = 0;
  std::vector<std::int64_t> words;  // of all tokens
  for (const auto& rows : step) {
    documents += static_cast<std::int64_t>(rows.size());
    for (const std::int64_t row : rows) {
      const std::span<const std::int32_t> ids = input_.corpus->ids(row);
      words.insert(words.end(), ids.begin(), ids.end());
    }
  }
  optimizer_.catch_up(words);
  const nn::DropoutState dropout{
      .active = true, .seed = context_.seed, .epoch = static_cast<std::uint32_t>(state_.epoch), .pass = 0};
  const auto tokens = static_cast<std::int64_t>(words.size());
  const double loss_sum = gradient_.accumulate(step, dropout);
  const double loss = loss_sum / static_cast<double>(documents);
  const double factor = schedule_.factor(state_.steps);
  const double learning_rate = options_.optimizer.learning_rate * factor;
  const double norm = std::isfinite(loss) ? optimizer_.step(factor) : loss;
  watch_.check({.fold = input_.fold,
                .step = state_.steps + 1,
                .loss = loss,
                .gradient_norm = norm,
                .learning_rate = learning_rate});
  ++state_.steps;
  if (options_.ema > 0) {
    optimizer_.catch_up();  // the average follows every row, step by step
    update_averages(state_.averages, model_.parameters(), options_.ema, state_.steps);
  }
  state_.next_batch = static_cast<std::int64_t>(last);
  state_.loss_sum += loss_sum;
  state_.documents += documents;
  const double elapsed = seconds_since(begin);
  pace_.add_step(elapsed, documents, tokens);
  const StepRecord record{.step = state_.steps,
                          .epoch = state_.epoch,
                          .loss = loss,
                          .learning_rate = learning_rate,
                          .gradient_norm = norm,
                          .documents_per_second = static_cast<double>(documents) / elapsed,
                          .tokens_per_second = static_cast<double>(tokens) / elapsed};
  log.write(record);
  report(record);
}

void Loop::run_epoch(StepLog& log) {
  stage_ =
      fmt::format("fold {}/{} epoch {}/{}", input_.fold + 1, input_.folds, state_.epoch + 1, options_.epochs);
  const auto batches = draw_batches(input_.train, input_.corpus->lengths(), options_.batch_size,
                                    context_.seed, input_.fold, static_cast<std::uint32_t>(state_.epoch));
  epoch_start_ = Clock::now();
  while (state_.next_batch < static_cast<std::int64_t>(batches.size()) && !done()) {
    stop_if_asked();
    run_step(batches, log);
    if (seconds_since(last_save_) > options_.save_every_minutes * 60) {
      save();
      last_save_ = Clock::now();
    }
  }
  stop_if_asked();
}

// Measures on the validation rows and keeps the weights if they are among the best.
void Loop::score(EpochResult& result, std::string& line) {
  const AveragedWeights averaged(model_.parameters(), state_.averages);
  const Matrix probabilities = predict(model_, *input_.corpus, input_.valid, context_, stage_ + " scoring");
  std::vector<int> truth;
  double loss = 0;
  for (std::size_t i = 0; i < input_.valid.size(); ++i) {
    truth.push_back(input_.labels[static_cast<std::size_t>(input_.valid[i])]);
    const float p = probabilities.row(static_cast<std::int64_t>(i))[static_cast<std::size_t>(truth.back())];
    loss -= std::log(std::max(static_cast<double>(p), 1e-30));
  }
  const std::vector<int> predicted = most_probable(probabilities);
  const Metrics metrics = measure(truth, predicted, static_cast<int>(model_.classes()));
  result.valid_loss = loss / static_cast<double>(truth.size());
  result.valid_accuracy = metrics.accuracy;
  result.valid_macro_f1 = metrics.macro_f1;
  line += fmt::format(", validation loss {:.4f}, accuracy {:.4f}, macro-F1 {:.4f}", result.valid_loss,
                      metrics.accuracy, metrics.macro_f1);
  warn_of_collapse(truth, predicted, stage_, context_);
  if (selects_best()) {
    keep_snapshot(state_.snapshots, static_cast<std::size_t>(options_.average_best), state_.epoch,
                  metrics.accuracy, model_.parameters());
  }
}

void Loop::finish_epoch() {
  optimizer_.catch_up();
  EpochResult result;
  result.epoch = state_.epoch;
  result.train_loss = state_.loss_sum / static_cast<double>(std::max<std::int64_t>(1, state_.documents));
  std::string line = fmt::format("{}: train loss {:.4f}", stage_, result.train_loss);
  if (!input_.valid.empty()) {
    try {
      const Clock::time_point begin = Clock::now();
      score(result, line);
      pace_.add_scoring(seconds_since(begin), static_cast<std::int64_t>(input_.valid.size()));
    } catch (const Interrupted&) {
      stop_if_asked();
      throw;
    }
  }
  result.seconds = state_.epoch_seconds + seconds_since(epoch_start_);
  context_.info(line + fmt::format(" ({:.0f} s)", result.seconds));
  state_.epochs.push_back(result);
  ++state_.epoch;
  state_.next_batch = 0;
  state_.loss_sum = 0;
  state_.documents = 0;
  state_.epoch_seconds = 0;
  epoch_start_ = Clock::now();
  if (!input_.directory.empty()) write_epochs(input_.directory / "epochs.jsonl", state_.epochs);
  if (out_of_patience() && state_.steps < steps_)
    context_.info(fmt::format("stops early: no better epoch in the last {}", options_.patience));
}

bool Loop::out_of_patience() const {
  if (options_.patience == 0 || input_.valid.empty()) return false;
  std::int64_t since = 0;
  double best = -1;
  for (const EpochResult& epoch : state_.epochs) {
    since = epoch.valid_accuracy > best ? 0 : since + 1;
    best = std::max(best, epoch.valid_accuracy);
  }
  return since >= options_.patience;
}

// From a checkpoint if there is one, else from the start.
void Loop::begin() {
  if (input_.resume) {
    if (auto found = load_checkpoint(checkpoint_path(), recipe(), model_.parameters(), optimizer_)) {
      state_ = std::move(*found);
      context_.info(
          fmt::format("fold {}: goes on after step {} of {}", input_.fold + 1, state_.steps, steps_));
      return;
    }
  }
  if (options_.probe_head) probe_head(model_, input_, context_);
}

LoopResult Loop::run() {
  begin();
  StepLog log(input_.directory.empty() ? std::filesystem::path() : input_.directory / "log.jsonl",
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
    set_weights(model_.parameters(), average(state_.snapshots));
  } else if (!state_.averages.empty()) {
    set_weights(model_.parameters(), state_.averages);
  }
  return {state_.epochs, state_.snapshots.empty() ? state_.epoch - 1 : state_.snapshots.front().epoch,
          state_.steps};
}

}  // namespace

std::int64_t count_steps(std::int64_t rows, const LoopOptions& options) {
  const std::int64_t all = steps_per_epoch(rows, options) * options.epochs;
  return options.max_steps > 0 ? std::min(options.max_steps, all) : all;
}

OverfitResult overfit_batch(nn::TextModel& model, const LoopInput& input, const LoopOptions& options,
                            const Context& context, std::int64_t most_steps) {
  const auto batches =
      draw_batches(input.train, input.corpus->lengths(), options.batch_size, context.seed, input.fold, 0);
  const Batches batch(batches.data(), 1);
  GradientSource gradient(model, input, options);
  AdamW optimizer(model.parameters(), group_parameters(model.parameters(), model.layers(), options.optimizer),
                  options.optimizer);
  std::vector<int> truth;
  for (const std::int64_t row : batch.front()) truth.push_back(input.labels[static_cast<std::size_t>(row)]);
  OverfitResult result;
  result.documents = static_cast<std::int64_t>(truth.size());
  while (result.steps < most_steps && !result.learned) {
    context.check_stop();
    result.last_loss = gradient.accumulate(batch, {}) / static_cast<double>(truth.size());
    if (result.steps == 0) result.first_loss = result.last_loss;
    optimizer.step(1.0);
    optimizer.catch_up();
    ++result.steps;
    context.progress({.stage = "one batch",
                      .done = result.steps,
                      .total = most_steps,
                      .detail = fmt::format("loss {:.4f}", result.last_loss),
                      .seconds_left = -1});
    result.learned = most_probable(predict(model, *input.corpus, batch.front(), context)) == truth;
  }
  return result;
}

LoopResult fit(nn::TextModel& model, const LoopInput& input, const LoopOptions& options,
               const Context& context) {
  return Loop(model, input, options, context).run();
}

}  // namespace quire::train
