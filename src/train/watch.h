// Notices training that has gone wrong.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "quire/base/context.h"

namespace quire::train {

struct WatchedStep {
  std::uint32_t fold = 0;
  std::int64_t step = 0;  // from 1
  double loss = 0;
  double gradient_norm = 0;
  double learning_rate = 0;
};

// Throws Error, with what to try, when the loss or the gradient is no number, and when the loss explodes:
// its running mean stays above ten times that of guessing.
class LossWatch {
 public:
  explicit LossWatch(double guessing_loss) : guessing_(guessing_loss), mean_(guessing_loss) {}
  void check(const WatchedStep& step);

 private:
  double guessing_;
  double mean_;
};

// Warns when all rows are given one class although several are there.
void warn_of_collapse(std::span<const int> truth, std::span<const int> predicted, std::string_view stage,
                      const Context& context);

}  // namespace quire::train
