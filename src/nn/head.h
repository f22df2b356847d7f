// Classification heads: from hidden states to logits.
#pragma once

#include <memory>

#include "quire/nn/classifier.h"

namespace quire::nn {

// `origin` of the head's own tensors: Origin::fresh to train, Origin::stored to predict.
[[nodiscard]] std::unique_ptr<Head> make_head(const ClassifierOptions& options, const EncoderConfig& config,
                                              ParameterStore& store, Origin origin);

}  // namespace quire::nn
