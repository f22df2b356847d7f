#include "quire/train/overfit.h"

#include <fmt/format.h>

#include "train/networks.h"

namespace quire::train {

OverfitResult overfit_batch(Classification& objective, const OptimizerOptions& options, std::uint32_t fold,
                            const Context& context, std::int64_t most_steps) {
  const auto batches = objective.draw_batches({.seed = context.seed, .fold = fold, .epoch = 0});
  const Batches batch(batches.data(), 1);
  JoinedParameters joined = join_parameters(objective.networks(), options);
  AdamW optimizer(joined.parameters, joined.groups, options);
  OverfitResult result;
  result.documents = static_cast<std::int64_t>(batch.front().size());
  while (result.steps < most_steps && !result.learned) {
    context.check_stop();
    result.last_loss = objective.accumulate(batch, {}).mean();
    if (result.steps == 0) result.first_loss = result.last_loss;
    optimizer.step(1.0);
    optimizer.catch_up();
    ++result.steps;
    context.progress({.stage = "one batch",
                      .done = result.steps,
                      .total = most_steps,
                      .detail = fmt::format("loss {:.4f}", result.last_loss),
                      .seconds_left = -1});
    result.learned = objective.learned(batch.front(), context);
  }
  return result;
}

}  // namespace quire::train
