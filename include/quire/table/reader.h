// Reads a table of text row by row, in memory bounded by its longest row.
//
// TSV, or CSV by extension; plain, gzip or xz (told by content); UTF-8 with or without a byte
// order mark; lines end in LF or CRLF; the first line that is not empty is the header.
//
// Quoting. A field is quoted only when its first character is `"` and a closing quote stands
// right before the delimiter or the end of its line: then `""` is a quote and tabs and newlines
// are text. A `"` anywhere else is a character. So of the fields that start with `"`:
//   "a b"           a b
//   "a ""b"" c"     a "b" c
//   "a "b" c"       a "b" c         the inner quotes close nothing
//   "a" b           "a" b           the delimiter comes and no quote stands before it: not quoted
//   "a<tab>b"       a<tab>b         no quote but the first before the delimiter: still open
//   "a              an error at the end of the file, which names the line it opened on
//
// Empty lines are skipped, but in a table of one column an empty line is an empty field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quire {

struct TableFormat {
  enum class Quoting { automatic, none };  // none: `"` is a character everywhere

  Quoting quoting = Quoting::automatic;
  std::optional<char> delimiter;  // default: ',' for .csv, .csv.gz and .csv.xz, else a tab
};

// The delimiter of a file by its name: ',' or a tab.
[[nodiscard]] char default_delimiter(const std::filesystem::path& path);

// A field in which malformed UTF-8 was replaced, as it stands in the file (a long one: its start).
struct RepairedField {
  std::size_t column = 0;
  std::string original;
};

struct TableRow {
  std::vector<std::string> fields;      // as many as the header has
  std::vector<RepairedField> repaired;  // mostly none
  std::int64_t line = 0;                // physical line on which the row starts, from 1
};

// A row may hold at most this many bytes; an unclosed quote in a huge file ends there.
inline constexpr std::size_t kMaxRowBytes = std::size_t{64} << 20;

// Fields are valid UTF-8: malformed parts are replaced by U+FFFD and counted.
class TableReader {
 public:
  // Opens the file and reads its header. "-" is the standard input. Throws InputError for a
  // file that cannot be opened, is empty, or is no text (UTF-16, archives).
  explicit TableReader(std::filesystem::path path, TableFormat format = {});
  ~TableReader();
  TableReader(TableReader&&) noexcept;
  TableReader& operator=(TableReader&&) noexcept;

  // Names as in the file, without white space around them.
  [[nodiscard]] const std::vector<std::string>& header() const noexcept;

  // Fills `row`, whose strings are reused; false at the end. Throws InputError ("FILE:LINE: ...")
  // for a row with another number of fields than the header, an unclosed quote, a row over
  // kMaxRowBytes, or compressed data that is damaged or cut off.
  [[nodiscard]] bool next(TableRow& row);

  // Reads rows before next() asks for them, until there are `rows` of them, they hold `bytes` or the
  // table ends; next() delivers them all the same. The rows not yet delivered. Throws what next() throws.
  const std::deque<TableRow>& read_ahead(std::size_t rows, std::size_t bytes);

  // Malformed UTF-8 sequences replaced so far, header included, and the physical line of the
  // first of them (0: none).
  [[nodiscard]] std::int64_t invalid_utf8_count() const noexcept;
  [[nodiscard]] std::int64_t first_invalid_utf8_line() const noexcept;

  [[nodiscard]] const std::filesystem::path& path() const noexcept;
  [[nodiscard]] TableFormat format() const noexcept;  // with the delimiter that is used
  [[nodiscard]] std::string name() const;             // for messages: the path, or "standard input"

  // For progress: bytes read of the file as it lies on disk (compressed, if it is), and its
  // size; 0 where the size is not known.
  [[nodiscard]] std::int64_t bytes_read() const noexcept;
  [[nodiscard]] std::int64_t total_bytes() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quire
