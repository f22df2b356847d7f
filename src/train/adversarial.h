// Adversarial training: losses at word embeddings that were moved to make them larger.
#pragma once

#include <functional>
#include <vector>

#include "quire/nn/parameters.h"
#include "quire/train/classification.h"

namespace quire::train {

// After `pass` has added the gradients of the clean inputs: adds those of the perturbed ones, for which it
// is called again with the sparse tables moved. The perturbation, of all tables together, is one for the
// whole step, so that it too does not depend on how the step is cut into micro-batches. Does nothing when no
// table has a gradient.
void add_adversarial_gradients(std::vector<nn::Parameter>& parameters, const AdversarialOptions& options,
                               const std::function<void()>& pass);

}  // namespace quire::train
