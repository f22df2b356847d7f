// One line that says how far a long piece of work is.
#pragma once

#include <cstddef>
#include <string>

#include "quire/base/context.h"

namespace quire::app {

// "fold 1/5 epoch 2/3  42%  loss 0.412  lr 3.1e-05  12m40s left" in at most `width` columns of a terminal.
// What does not fit goes from the middle: the details from their end, then the middle of the stage's name;
// the percentage and the time left stay. Control characters and malformed UTF-8 are replaced.
[[nodiscard]] std::string progress_line(const Progress& progress, std::size_t width);

// Columns that a terminal takes for a text: wide letters take two, combining marks none.
[[nodiscard]] std::size_t columns_of(std::string_view text);

}  // namespace quire::app
