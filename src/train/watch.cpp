#include "train/watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quire/base/error.h"

namespace quire::train {
namespace {

constexpr double kMemory = 0.9;  // of the running mean
constexpr double kExplosion = 10;
constexpr const char* kWhatToTry =
    "try a lower --learning-rate, a longer --warmup-ratio or a smaller --max-grad-norm";

}  // namespace

void LossWatch::check(const WatchedStep& step) {
  if (!std::isfinite(step.loss) || !std::isfinite(step.gradient_norm)) {
    throw Error(fmt::format("the loss is no longer a number in fold {}, step {} (loss {}, gradient norm {}, "
                            "learning rate {:.3g})",
                            step.fold, step.step, step.loss, step.gradient_norm, step.learning_rate),
                kWhatToTry);
  }
  mean_ = kMemory * mean_ + (1 - kMemory) * step.loss;
  if (mean_ > kExplosion * guessing_) {
    throw Error(fmt::format("the loss explodes in fold {}, step {}: about {:.1f}, where guessing has {:.1f} "
                            "(learning rate {:.3g})",
                            step.fold, step.step, mean_, guessing_, step.learning_rate),
                kWhatToTry);
  }
}

void warn_of_collapse(std::span<const int> truth, std::span<const int> predicted, std::string_view stage,
                      const Context& context) {
  const auto all_equal = [](std::span<const int> values) {
    return std::ranges::all_of(values, [&](int value) { return value == values.front(); });
  };
  if (truth.empty() || all_equal(truth) || !all_equal(predicted)) return;
  context.warn(
      fmt::format("{}: every validation row is given the same class; the model may have collapsed: try a "
                  "lower --learning-rate or more --epochs",
                  stage));
}

}  // namespace quire::train
