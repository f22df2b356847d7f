#include "quire/train/loop.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "nn/aten.h"
#include "quire/base/error.h"
#include "quire/nn/batch.h"
#include "quire/train/predict.h"
#include "quire/train/schedule.h"
#include "train/checkpoint.h"
#include "train/log.h"

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
  Loop(nn::Classifier& model, const LoopInput& input, const LoopOptions& options, const Context& context)
      : model_(model),
        input_(input),
        options_(options),
        context_(context),
        optimizer_(model.parameters(),
                   group_parameters(model.parameters(), model.config().layers, options.optimizer),
                   options.optimizer),
        steps_(count_steps(static_cast<std::int64_t>(input.train.size()), options)),
        schedule_(steps_, options.warmup_ratio) {}

  LoopResult run();

 private:
  [[nodiscard]] std::filesystem::path checkpoint_path() const;
  [[nodiscard]] std::string recipe() const;
  void save() const;
  void run_epoch(StepLog& log);
  void run_step(const std::vector<std::vector<std::int64_t>>& batches, StepLog& log);
  [[nodiscard]] at::Tensor batch_loss(const std::vector<std::int64_t>& rows) const;
  void finish_epoch();
  void report(double loss, double learning_rate);
  void stop_if_asked() const;
  [[nodiscard]] bool selects_best() const { return options_.select == Select::best && !input_.valid.empty(); }
  [[nodiscard]] bool done() const { return state_.steps >= steps_; }

  nn::Classifier& model_;
  const LoopInput& input_;
  const LoopOptions& options_;
  const Context& context_;
  AdamW optimizer_;
  std::int64_t steps_;
  LinearSchedule schedule_;
  LoopState state_;
  Clock::time_point epoch_start_;
  Clock::time_point last_save_ = Clock::now();
  Clock::time_point start_ = Clock::now();
  std::int64_t documents_since_start_ = 0;
  std::int64_t tokens_since_start_ = 0;
  std::string stage_;
};

std::filesystem::path Loop::checkpoint_path() const { return input_.directory / "checkpoint.safetensors"; }

std::string Loop::recipe() const {
  const OptimizerOptions& o = options_.optimizer;
  return fmt::format(
      "seed {} fold {} train {} valid {} tokens {} batch {}x{} steps {} warmup {} lr {} {} {} {} {} select "
      "{}",
      context_.seed, input_.fold, input_.train.size(), input_.valid.size(), input_.corpus->tokens(),
      options_.batch_size, options_.accumulation_steps, steps_, options_.warmup_ratio, o.learning_rate,
      o.head_learning_rate, o.layer_decay, o.weight_decay, o.max_grad_norm,
      static_cast<int>(options_.select));
}

void Loop::save() const {
  if (input_.directory.empty()) return;
  LoopState state = state_;
  state.epoch_seconds += seconds_since(epoch_start_);
  save_checkpoint(checkpoint_path(), recipe(), state, model_.parameters(), optimizer_);
}

// The sum of the documents' cross-entropies.
at::Tensor Loop::batch_loss(const std::vector<std::int64_t>& rows) const {
  std::vector<nn::TokenizedDocument> documents;
  at::Tensor labels = at::empty({static_cast<std::int64_t>(rows.size())}, at::kLong);
  auto* label = labels.mutable_data_ptr<std::int64_t>();
  for (const std::int64_t row : rows) {
    documents.push_back(
        {input_.corpus->ids(row), input_.corpus->segments(row), static_cast<std::uint32_t>(row)});
    *label++ = input_.labels[static_cast<std::size_t>(row)];
  }
  const nn::DropoutState dropout{
      .active = true, .seed = context_.seed, .epoch = static_cast<std::uint32_t>(state_.epoch), .pass = 0};
  return at::cross_entropy_loss(model_.logits(nn::pack(documents), dropout), labels, {}, at::Reduction::Sum);
}

void Loop::stop_if_asked() const {
  const int signal = context_.stop_requested();
  if (signal == 0) return;
  save();
  throw Interrupted(signal, fmt::format("stopped by signal {} in fold {}, epoch {}, after step {} of {}",
                                        signal, input_.fold, state_.epoch + 1, state_.steps, steps_));
}

void Loop::report(double loss, double learning_rate) {
  const double elapsed = seconds_since(start_);
  const double documents_per_second = static_cast<double>(documents_since_start_) / elapsed;
  const auto rows = static_cast<std::int64_t>(input_.train.size());
  const std::int64_t per_step = options_.batch_size * options_.accumulation_steps;
  const double fold_left = static_cast<double>(steps_ - state_.steps) * static_cast<double>(per_step);
  // Scoring the validation rows costs about a third of training on them.
  const double epochs_left = static_cast<double>(options_.epochs - state_.epoch);
  const double scoring = epochs_left * static_cast<double>(input_.valid.size()) / 3;
  const double later_folds =
      static_cast<double>(input_.folds - 1 - input_.fold) *
      (static_cast<double>(steps_ * per_step) +
       static_cast<double>(options_.epochs) * static_cast<double>(input_.valid.size()) / 3);
  const std::string detail =
      fmt::format("loss {:.3f}  lr {:.2e}  {:.1f} docs/s  {:.0f} tokens/s", loss, learning_rate,
                  documents_per_second, static_cast<double>(tokens_since_start_) / elapsed);
  context_.progress({.stage = stage_,
                     .done = state_.documents,
                     .total = rows,
                     .detail = detail,
                     .seconds_left = (fold_left + scoring + later_folds) / documents_per_second});
}

void Loop::run_step(const std::vector<std::vector<std::int64_t>>& batches, StepLog& log) {
  const Clock::time_point begin = Clock::now();
  const auto first = static_cast<std::size_t>(state_.next_batch);
  const std::size_t last =
      std::min(first + static_cast<std::size_t>(options_.accumulation_steps), batches.size());
  std::int64_t documents = 0;
  for (std::size_t i = first; i < last; ++i) documents += static_cast<std::int64_t>(batches[i].size());
  double loss_sum = 0;
  std::int64_t tokens = 0;
  for (std::size_t i = first; i < last; ++i) {
    // Every document weighs the same, however the step is cut into micro-batches.
    const at::Tensor sum = batch_loss(batches[i]);
    (sum / static_cast<double>(documents)).backward();
    loss_sum += sum.item<double>();
    for (const std::int64_t row : batches[i])
      tokens += static_cast<std::int64_t>(input_.corpus->ids(row).size());
  }
  const double loss = loss_sum / static_cast<double>(documents);
  const double factor = schedule_.factor(state_.steps);
  const double learning_rate = options_.optimizer.learning_rate * factor;
  const double norm = std::isfinite(loss) ? optimizer_.step(factor) : loss;
  if (!std::isfinite(norm)) {
    throw Error(fmt::format("the loss is no longer a number in fold {}, step {} (loss {}, gradient norm {}, "
                            "learning rate {:.3g})",
                            input_.fold, state_.steps + 1, loss, norm, learning_rate),
                "try a lower --learning-rate, a longer --warmup-ratio or a smaller --max-grad-norm");
  }
  ++state_.steps;
  state_.next_batch = static_cast<std::int64_t>(last);
  state_.loss_sum += loss_sum;
  state_.documents += documents;
  documents_since_start_ += documents;
  tokens_since_start_ += tokens;
  const double elapsed = seconds_since(begin);
  log.write({.step = state_.steps,
             .epoch = state_.epoch,
             .loss = loss,
             .learning_rate = learning_rate,
             .gradient_norm = norm,
             .documents_per_second = static_cast<double>(documents) / elapsed,
             .tokens_per_second = static_cast<double>(tokens) / elapsed});
  report(loss, learning_rate);
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

void Loop::finish_epoch() {
  EpochResult result;
  result.epoch = state_.epoch;
  result.train_loss = state_.loss_sum / static_cast<double>(std::max<std::int64_t>(1, state_.documents));
  std::string line = fmt::format("{}: train loss {:.4f}", stage_, result.train_loss);
  if (!input_.valid.empty()) {
    Matrix probabilities;
    try {
      probabilities = predict(model_, *input_.corpus, input_.valid, context_, stage_ + " scoring");
    } catch (const Interrupted&) {
      stop_if_asked();
      throw;
    }
    std::vector<int> truth;
    double loss = 0;
    for (std::size_t i = 0; i < input_.valid.size(); ++i) {
      truth.push_back(input_.labels[static_cast<std::size_t>(input_.valid[i])]);
      const float p = probabilities.row(static_cast<std::int64_t>(i))[static_cast<std::size_t>(truth.back())];
      loss -= std::log(std::max(static_cast<double>(p), 1e-30));
    }
    const Metrics metrics = measure(truth, most_probable(probabilities), static_cast<int>(model_.classes()));
    result.valid_loss = loss / static_cast<double>(truth.size());
    result.valid_accuracy = metrics.accuracy;
    result.valid_macro_f1 = metrics.macro_f1;
    line += fmt::format(", validation loss {:.4f}, accuracy {:.4f}, macro-F1 {:.4f}", result.valid_loss,
                        metrics.accuracy, metrics.macro_f1);
  }
  result.seconds = state_.epoch_seconds + seconds_since(epoch_start_);
  context_.info(line + fmt::format(" ({:.0f} s)", result.seconds));
  if (selects_best() && result.valid_accuracy > state_.best_accuracy) {
    state_.best_accuracy = result.valid_accuracy;
    state_.best_epoch = state_.epoch;
    const at::NoGradGuard no_grad;
    state_.best_weights.clear();
    for (const nn::Parameter& parameter : model_.parameters())
      state_.best_weights.push_back(parameter.value.clone());
  }
  state_.epochs.push_back(result);
  ++state_.epoch;
  state_.next_batch = 0;
  state_.loss_sum = 0;
  state_.documents = 0;
  state_.epoch_seconds = 0;
}

LoopResult Loop::run() {
  if (input_.resume) {
    if (auto found = load_checkpoint(checkpoint_path(), recipe(), model_.parameters(), optimizer_)) {
      state_ = std::move(*found);
      context_.info(
          fmt::format("fold {}: goes on after step {} of {}", input_.fold + 1, state_.steps, steps_));
    }
  }
  StepLog log(input_.directory.empty() ? std::filesystem::path() : input_.directory / "log.jsonl",
              state_.steps);
  while (!done()) {
    run_epoch(log);
    finish_epoch();
  }
  if (selects_best() && !state_.best_weights.empty()) {
    const at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < state_.best_weights.size(); ++i) {
      model_.parameters()[i].value.copy_(state_.best_weights[i]);
    }
  }
  return {state_.epochs, selects_best() ? state_.best_epoch : state_.epoch - 1, state_.steps};
}

}  // namespace

std::int64_t count_steps(std::int64_t rows, const LoopOptions& options) {
  const std::int64_t all = steps_per_epoch(rows, options) * options.epochs;
  return options.max_steps > 0 ? std::min(options.max_steps, all) : all;
}

LoopResult fit(nn::Classifier& model, const LoopInput& input, const LoopOptions& options,
               const Context& context) {
  return Loop(model, input, options, context).run();
}

}  // namespace quire::train
