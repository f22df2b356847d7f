// Reads labelled or unlabelled documents out of a table, in bounded memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "quire/base/context.h"
#include "quire/table/columns.h"
#include "quire/table/reader.h"

namespace quire {

// White space around every part is trimmed.
struct Document {
  std::string id;                   // of the id column, or the row's number from 0
  std::string text;                 // of the first text column
  std::optional<std::string> pair;  // of the second, and those after it joined by a space
  std::string label;                // empty: the file has no label column, or this row no label
  std::string group;                // empty: no group column, or a row that belongs to no group
  std::int64_t line = 0;            // physical line on which the row starts, from 1
};

// `ignore`: what is asked of the rows has nothing to do with their ids.
enum class DuplicateIds { warn, error, ignore };

// Throws InputError ("FILE:LINE: ...") when `column` of the row was not valid UTF-8: where names are
// compared, two of them must not become one. `what` they are: "label".
void require_utf8(const TableRow& row, std::optional<std::size_t> column, std::string_view what,
                  const std::string& file);

// Holds 24 bytes of hash table (at a load between 3/8 and 3/4) for each row with an id, to find
// duplicates, and otherwise a single row.
class DocumentReader {
 public:
  // Opens the file and resolves its columns, for which it may read ahead; tells `context` what was
  // guessed. Throws what TableReader and resolve_columns throw.
  DocumentReader(std::filesystem::path path, const ColumnFlags& flags, LabelColumn label_column,
                 TableFormat format, DuplicateIds duplicate_ids, const Context& context);
  ~DocumentReader();
  DocumentReader(DocumentReader&&) noexcept;
  DocumentReader& operator=(DocumentReader&&) noexcept;

  // Fills `document`, whose strings are reused; false at the end. Throws InputError
  // ("FILE:LINE: ...") for a duplicate id where that is an error, an empty label where labels are
  // required, a label with a line break in it, a label, group or id that is not valid UTF-8, a file
  // without rows, and what TableReader throws.
  [[nodiscard]] bool next(Document& document);

  // Warns, once each, about what was met so far: empty texts, invalid UTF-8 in them, duplicate ids, rows
  // without a group; with how many there were and the first line. Call it after the last row.
  void finish();

  [[nodiscard]] const Columns& columns() const noexcept;
  [[nodiscard]] const TableReader& table() const noexcept;
  [[nodiscard]] std::int64_t count() const noexcept;  // rows delivered so far

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quire
