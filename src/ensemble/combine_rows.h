// The rules of combination.h on rows whose members have been tuned.
#pragma once

#include <cstdint>
#include <span>

#include "ensemble/voices.h"
#include "quire/base/matrix.h"
#include "quire/ensemble/combination.h"

namespace quire::ensemble {

// These rows of the voices into the same rows of `out`; the result's temperature is not applied.
void combine_tuned(const Combination& combination, const Voices& tuned, std::span<const std::int64_t> rows,
                   Matrix& out, int threads);

}  // namespace quire::ensemble
