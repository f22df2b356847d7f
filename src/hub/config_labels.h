// The names of classes in config.json.
#pragma once

#include "quire/base/json.h"
#include "quire/hub/config.h"

namespace quire::hub {

// Fills `labels` and `label_gap` from id2label and num_labels, accepting what transformers accepts: a label
// may be any scalar, the numbers may come in any order, and one that is left out matters only to a
// classifier.
void read_labels(const Section& root, EncoderConfig& config);

}  // namespace quire::hub
