#include "members/shared/torch_fit.h"

#include <fmt/format.h>

#include "quire/base/error.h"
#include "quire/train/overfit.h"

namespace quire {
namespace {

train::ClassificationRows rows_of(const FitInput& input, const TokenCorpus& tokens) {
  return {.corpus = &tokens, .labels = input.labels, .train = input.train, .valid = input.valid};
}

void report_overfit(const train::OverfitResult& result, const Context& context) {
  const std::string what =
      fmt::format("one batch of {} documents: loss {:.4f} at first, {:.4f} after {} steps", result.documents,
                  result.first_loss, result.last_loss, result.steps);
  if (!result.learned) {
    throw Error(what + "; not all of them are predicted right",
                "documents that are alike with different labels cannot be learned; else try a higher "
                "--learning-rate");
  }
  context.info(what + "; all of them are predicted right");
}

}  // namespace

train::LoopOptions loop_options(const GradientOptions& options) {
  train::LoopOptions loop;
  loop.epochs = options.epochs;
  loop.schedule = train::parse_decay(options.schedule);
  loop.warmup_ratio = options.warmup_ratio;
  loop.select = options.select == "last" ? train::Select::last : train::Select::best;
  loop.ema = options.ema;
  loop.patience = options.patience;
  loop.save_every_minutes = options.save_every;
  loop.optimizer.learning_rate = options.learning_rate;
  loop.optimizer.head_learning_rate = options.learning_rate;
  loop.optimizer.layer_decay = 1;
  loop.optimizer.weight_decay = options.weight_decay;
  loop.optimizer.max_grad_norm = options.max_grad_norm;
  return loop;
}

train::ClassificationOptions loss_options(const GradientOptions& options) {
  train::ClassificationOptions loss;
  loss.batch_size = options.batch_size;
  loss.label_smoothing = options.label_smoothing;
  loss.adversarial = {.kind = train::parse_adversarial(options.adversarial),
                      .epsilon = options.adversarial_epsilon,
                      .steps = options.adversarial_steps};
  return loss;
}

void fit_classifier(nn::TextModel& model, const TokenCorpus& tokens, const FitInput& input,
                    const train::LoopOptions& loop, const train::ClassificationOptions& loss,
                    const Context& context) {
  train::Classification objective(model, rows_of(input, tokens), loss);
  const train::FitPlan plan{.options = loop,
                            .fold = static_cast<std::uint32_t>(input.fold),
                            .folds = input.folds,
                            .directory = input.directory,
                            .resume = input.resume};
  without_stack_traces([&] { return train::fit(objective, plan, context); });
}

void overfit_classifier(nn::TextModel& model, const TokenCorpus& tokens, const FitInput& input,
                        const train::LoopOptions& loop, const train::ClassificationOptions& loss,
                        const Context& context) {
  train::Classification objective(model, rows_of(input, tokens), loss);
  report_overfit(without_stack_traces([&] {
                   return train::overfit_batch(objective, loop.optimizer,
                                               static_cast<std::uint32_t>(input.fold), context);
                 }),
                 context);
}

}  // namespace quire
