#include "train/gradient.h"

#include "quire/base/profile.h"

namespace quire::train {

double add_gradients(Batches step, double weight, const LossSum& loss_sum) {
  double sum = 0;
  for (const Batch& rows : step) {
    const at::Tensor losses = loss_sum(rows);
    const Span span("backward pass, other");
    (losses / weight).backward();
    sum += losses.item<double>();
  }
  return sum;
}

}  // namespace quire::train
