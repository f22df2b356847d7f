// Writes a table: TSV, or CSV by extension; compressed by extension (.gz, .xz).
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "quire/table/reader.h"

namespace quire {

// What it writes, TableReader reads back as it was, given the same quoting. Under `automatic` a field is
// quoted when it holds a delimiter, a line feed or a carriage return or starts with `"`, and not otherwise
// (but for an empty field alone on its line, which many readers would skip). Under `none` quotes are
// characters like others, and what cannot be written without them is refused.
class TableWriter {
 public:
  // Nothing appears under `path` before commit(), which puts the whole file there at once; without
  // it the destructor leaves no trace. "-" is the standard output, which is written as it comes.
  TableWriter(const std::filesystem::path& path, std::span<const std::string> header,
              TableFormat::Quoting quoting = TableFormat::Quoting::automatic);
  ~TableWriter();
  TableWriter(TableWriter&&) noexcept;
  TableWriter& operator=(TableWriter&&) noexcept;

  // As many fields as the header has. Throws Error when the disk fails, InputError for a field that
  // cannot be written without quotes where there are none.
  void write(std::span<const std::string> fields);
  void commit();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quire
