// A head that starts from a linear probe: the best linear classifier on the frozen encoder, so that the
// first steps do not distort features to make up for a random head (Kumar et al. 2022).
#pragma once

#include "quire/train/classification.h"

namespace quire::train {

// Fits a multinomial logistic regression on what the last layer reads of the training rows, dropout off,
// and puts it into the last layer. The penalty is chosen on a tenth of the training rows.
void probe_head(nn::TextModel& model, const ClassificationRows& rows, std::uint32_t fold,
                const Context& context);

}  // namespace quire::train
