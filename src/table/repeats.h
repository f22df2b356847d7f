// Whether the values of a column repeat: ids do not.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "quire/base/context.h"
#include "quire/table/reader.h"

namespace quire {

// For each of `columns`, whether a value (trimmed) occurs in two rows. A file is read once more for it,
// at most its first million rows; of what can be read only once, a pipe, the first thousand rows are read
// ahead. Throws what TableReader::next throws.
[[nodiscard]] std::vector<bool> find_repeats(TableReader& table, std::span<const std::size_t> columns,
                                             const Context& context);

}  // namespace quire
