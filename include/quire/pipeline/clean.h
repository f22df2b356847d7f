// `quire clean`: a table with its text columns cleaned.
#pragma once

#include <cstdint>
#include <string>

#include "quire/base/context.h"
#include "quire/table/columns.h"
#include "quire/table/reader.h"
#include "quire/text/clean.h"

namespace quire {

struct CleanTableOptions {
  CleanOptions clean;
  ColumnFlags columns;  // which are text; by default all but id and label
  TableFormat format;   // of the input; its quoting is the output's, too
};

// Reads `input`, writes `output` ("-": the standard ones) with the same columns and rows, those of text
// cleaned, quoted as the input is. Holds some thousand rows at a time. Returns the number of rows. Throws
// what TableReader, resolve_columns, Cleaner and TableWriter throw.
std::int64_t clean_table(const std::string& input, const std::string& output,
                         const CleanTableOptions& options, const Context& context);

}  // namespace quire
