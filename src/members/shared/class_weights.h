// How much each class counts in a loss.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "quire/table/labels.h"

namespace quire {

// "none" (empty result), "balanced" (rows / (classes * rows of the class)), "effective" (the inverse of
// the effective number of rows with beta = .999; Cui et al. 2019), or a file with lines
// LABEL<tab>WEIGHT, one for each class. Scaled so that the mean over `rows` is 1, which keeps the
// learning rate's meaning. `labels` are those of all rows; only `rows` are counted. A class without
// rows gets weight 0. InputError for a file that does not fit.
[[nodiscard]] std::vector<float> class_weights(const std::string& spec, std::span<const int> labels,
                                               std::span<const std::int64_t> rows, const LabelSet& classes);

// Throws InputError at once for a file that cannot be read.
void check_class_weights(const std::string& spec);

}  // namespace quire
