// Whether a model can learn at all.
#pragma once

#include <cstdint>

#include "quire/base/context.h"
#include "quire/train/classification.h"
#include "quire/train/optimizer.h"

namespace quire::train {

struct OverfitResult {
  std::int64_t steps = 0;
  std::int64_t documents = 0;
  double first_loss = 0, last_loss = 0;
  bool learned = false;  // every document is predicted right
};

// Proves that the model can learn: trains on the first batch of a fold, without dropout and at a constant
// learning rate, until every document of it is predicted right, at most `most_steps` steps. The model is
// spoilt.
OverfitResult overfit_batch(Classification& objective, const OptimizerOptions& options, std::uint32_t fold,
                            const Context& context, std::int64_t most_steps = 200);

}  // namespace quire::train
