// The gradient of one optimiser step from micro-batches that do not know of each other.
#pragma once

#include <functional>

#include "quire/nn/aten.h"
#include "quire/train/objective.h"

namespace quire::train {

// The sum of a micro-batch's losses, to be differentiated.
using LossSum = std::function<at::Tensor(const Batch& rows)>;

// Adds the gradient of the sum of all losses, divided by `weight`, to the parameters' gradients: with the
// weight of the whole step it is that of the mean, however the step is cut. Returns the sum.
double add_gradients(Batches step, double weight, const LossSum& loss_sum);

}  // namespace quire::train
