#include "quire/table/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "quire/base/error.h"
#include "quire/base/naming.h"
#include "quire/base/utf8.h"
#include "table/byte_source.h"
#include "table/window.h"

namespace quire {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kQuotingHint =
    "close it; or, if quotes are plain characters in this file, read it with --quoting none";

// Of a field as it was before its repair: for messages, and texts may be long.
constexpr std::size_t kMostOfAnOriginal = 1024;

bool is_ascii(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

char checked_delimiter(char delimiter) {
  if (delimiter == '"' || delimiter == '\n' || delimiter == '\r' ||
      static_cast<unsigned char>(delimiter) >= 0x80) {
    throw InputError(fmt::format("'{}' cannot delimit fields", delimiter),
                     "take one ASCII character that is neither a quote nor a line break");
  }
  return delimiter;
}

}  // namespace

char default_delimiter(const std::filesystem::path& path) {
  return lower_extension(path, true) == ".csv" ? ',' : '\t';
}

class TableReader::Impl {
 public:
  Impl(std::filesystem::path file, TableFormat format);

  bool next(TableRow& row);
  void read_ahead(std::size_t rows, std::size_t bytes);
  TableFormat format() const {
    return {.quoting = quoting_ ? TableFormat::Quoting::automatic : TableFormat::Quoting::none,
            .delimiter = delimiter_};
  }

  std::filesystem::path path;
  ByteSource source;
  std::vector<std::string> header;
  std::deque<TableRow> ahead;
  std::int64_t invalid_count = 0;
  std::int64_t first_invalid_line = 0;

 private:
  // Where the physical line that is being read ends, as indices in the window.
  struct Line {
    std::size_t content_end;  // without its LF or CRLF
    std::size_t end;          // its LF, or the end of the file
  };

  void read_header();
  bool read_row(TableRow& row);
  bool skip_empty_lines();
  void parse_row(TableRow& row, bool is_header);
  std::size_t parse_quoted(std::size_t open, Line& line, std::string& field);
  Line line_from(std::size_t begin, std::int64_t quote_line = 0);
  std::size_t delimiter_from(std::size_t begin, const Line& line) const;
  void repair(std::vector<std::string>& fields, std::string_view raw, std::vector<RepairedField>& repaired);
  [[noreturn]] void reject_width(std::size_t found) const;
  [[noreturn]] void reject_length(std::int64_t quote_line) const;
  [[noreturn]] void reject_quote(std::int64_t quote_line) const;

  Window window_;
  char delimiter_;
  bool quoting_;
  std::int64_t row_line_ = 1;  // physical line on which the current row starts
  std::int64_t line_ = 1;      // physical line that is being read
};

TableReader::Impl::Impl(std::filesystem::path file, TableFormat format)
    : path(std::move(file)),
      source(path),
      window_(source),
      delimiter_(checked_delimiter(format.delimiter.value_or(default_delimiter(path)))),
      quoting_(format.quoting == TableFormat::Quoting::automatic) {
  read_header();
}

void TableReader::Impl::read_header() {
  (void)window_.find_newline(0, kMaxRowBytes);
  const std::string_view start = window_.view();
  if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF")) {
    throw InputError(fmt::format("'{}' is text in UTF-16", source.name()), "save it as UTF-8");
  }
  if (start.starts_with(kByteOrderMark)) window_.consume(kByteOrderMark.size());
  if (!skip_empty_lines()) {
    throw InputError(fmt::format("'{}' is empty", source.name()),
                     "a table starts with a line that names its columns, such as: id<TAB>text<TAB>label");
  }
  TableRow names;
  parse_row(names, true);
  header = std::move(names.fields);
  for (std::string& name : header) {
    if (name.find('\0') != std::string::npos) {
      throw InputError(
          fmt::format("'{}' is not a table of text: its first line holds NUL bytes", source.name()),
          "save it as TSV or CSV in UTF-8");
    }
    name = std::string(trim(name));
  }
}

// Moves to the next line that is not empty; false where there is none.
bool TableReader::Impl::skip_empty_lines() {
  for (;;) {
    const Line line = line_from(0);
    if (window_.view().empty()) return false;
    if (line.content_end > 0) return true;
    window_.consume(std::min(line.end + 1, window_.view().size()));
    row_line_ = ++line_;
  }
}

bool TableReader::Impl::next(TableRow& row) {
  if (ahead.empty()) return read_row(row);
  std::swap(row, ahead.front());
  ahead.pop_front();
  return true;
}

void TableReader::Impl::read_ahead(std::size_t rows, std::size_t bytes) {
  const auto size_of = [](const TableRow& row) {
    std::size_t size = 0;
    for (const std::string& field : row.fields) size += field.size();
    return size;
  };
  std::size_t held = 0;
  for (const TableRow& row : ahead) held += size_of(row);
  while (ahead.size() < rows && held < bytes) {
    TableRow row;
    if (!read_row(row)) return;
    held += size_of(row);
    ahead.push_back(std::move(row));
  }
}

bool TableReader::Impl::read_row(TableRow& row) {
  // In a table of one column an empty line is a row; elsewhere it cannot be one.
  if (header.size() > 1) {
    if (!skip_empty_lines()) return false;
  } else {
    (void)line_from(0);
    if (window_.view().empty()) return false;
  }
  row.line = row_line_;
  parse_row(row, false);
  return true;
}

// Reads the row at the start of the window and consumes it.
void TableReader::Impl::parse_row(TableRow& row, bool is_header) {
  std::vector<std::string>& fields = row.fields;
  if (!is_header) fields.resize(header.size());
  std::string surplus;  // where fields go for which the header has no column
  std::size_t count = 0;
  Line line = line_from(0);
  for (std::size_t position = 0;; ++position) {
    if (is_header) fields.emplace_back();
    std::string& field = count < fields.size() ? fields[count] : surplus;
    ++count;
    if (quoting_ && position < line.content_end && window_.view()[position] == '"') {
      position = parse_quoted(position, line, field);
    } else {
      const std::size_t end = delimiter_from(position, line);
      field.assign(window_.view().substr(position, end - position));
      position = end;
    }
    if (position >= line.content_end) break;
  }
  if (count != fields.size()) reject_width(count);
  repair(fields, window_.view().substr(0, line.end), row.repaired);
  window_.consume(std::min(line.end + 1, window_.view().size()));
  row_line_ = ++line_;
}

// Reads the field that starts with the quote at `open` and returns where it ends: at a delimiter
// or at its line's content_end. A field that runs over several lines moves `line`.
std::size_t TableReader::Impl::parse_quoted(std::size_t open, Line& line, std::string& field) {
  const std::int64_t quote_line = line_;
  // Where the field ends if it turns out not to be quoted: a quote inside it that closes nothing
  // stands before, and none stands right before this place.
  const std::size_t plain_end = delimiter_from(open, line);
  bool stray_quote = false;
  field.clear();
  for (std::size_t position = open + 1;;) {
    const std::string_view text = window_.view();
    const std::size_t quote = text.substr(0, line.end).find('"', position);
    if (stray_quote && (quote == std::string_view::npos || quote > plain_end)) {
      field.assign(text.substr(open, plain_end - open));
      return plain_end;
    }
    if (quote == std::string_view::npos) {
      if (line.end == text.size()) reject_quote(quote_line);
      field.append(text.substr(position, line.end + 1 - position));
      position = line.end + 1;
      ++line_;
      line = line_from(position, quote_line);
      continue;
    }
    field.append(text.substr(position, quote - position));
    const std::size_t after = quote + 1;
    if (after == line.content_end || text[after] == delimiter_) return after;
    field.push_back('"');
    if (text[after] == '"') {
      position = after + 1;
    } else {
      position = after;
      stray_quote = stray_quote || quote < plain_end;
    }
  }
}

TableReader::Impl::Line TableReader::Impl::line_from(std::size_t begin, std::int64_t quote_line) {
  const std::size_t end = window_.find_newline(begin, kMaxRowBytes);
  if (end == Window::kTooLong) reject_length(quote_line);
  const std::string_view text = window_.view();
  const bool carriage_return = end < text.size() && end > begin && text[end - 1] == '\r';
  return {.content_end = carriage_return ? end - 1 : end, .end = end};
}

std::size_t TableReader::Impl::delimiter_from(std::size_t begin, const Line& line) const {
  return std::min(window_.view().substr(0, line.content_end).find(delimiter_, begin), line.content_end);
}

// `raw` is the row as it lies in the file.
void TableReader::Impl::repair(std::vector<std::string>& fields, std::string_view raw,
                               std::vector<RepairedField>& repaired) {
  repaired.clear();
  if (is_ascii(raw)) return;
  std::size_t replaced = 0;
  for (std::size_t column = 0; column < fields.size(); ++column) {
    std::string original = fields[column].substr(0, kMostOfAnOriginal);
    const std::size_t here = repair_utf8(fields[column]);
    if (here > 0) repaired.push_back({column, std::move(original)});
    replaced += here;
  }
  if (replaced > 0 && invalid_count == 0) {
    first_invalid_line = row_line_;
    std::string line;
    for (std::size_t begin = 0;; ++first_invalid_line) {
      const std::size_t end = std::min(raw.find('\n', begin), raw.size());
      line.assign(raw.substr(begin, end - begin));
      if (end == raw.size() || repair_utf8(line) > 0) break;
      begin = end + 1;
    }
  }
  invalid_count += static_cast<std::int64_t>(replaced);
}

void TableReader::Impl::reject_width(std::size_t found) const {
  std::string place = fmt::format("{}:{}", source.name(), row_line_);
  std::string hint = found < header.size() ? "every row needs all its fields, empty ones too"
                                           : "a field that holds the delimiter must stand in double quotes";
  if (line_ > row_line_) {
    hint = fmt::format(
        "a quoted field makes this row run on to line {}; if quotes are plain characters in this "
        "file, read it with --quoting none",
        line_);
  }
  throw InputError(fmt::format("{}: found {} field{}, expected {} ({})", place, found, found == 1 ? "" : "s",
                               header.size(), quoted_list(header)),
                   hint);
}

void TableReader::Impl::reject_length(std::int64_t quote_line) const {
  if (quote_line > 0) {
    throw InputError(fmt::format("{}:{}: a quote opens here and is not closed within {} MiB", source.name(),
                                 quote_line, kMaxRowBytes >> 20),
                     std::string(kQuotingHint));
  }
  throw InputError(
      fmt::format("{}:{}: the line is longer than {} MiB", source.name(), line_, kMaxRowBytes >> 20),
      "is this a table with one row a line?");
}

void TableReader::Impl::reject_quote(std::int64_t quote_line) const {
  throw InputError(fmt::format("{}:{}: a quote opens here and is never closed", source.name(), quote_line),
                   std::string(kQuotingHint));
}

TableReader::TableReader(std::filesystem::path path, TableFormat format)
    : impl_(std::make_unique<Impl>(std::move(path), format)) {}
TableReader::~TableReader() = default;
TableReader::TableReader(TableReader&&) noexcept = default;
TableReader& TableReader::operator=(TableReader&&) noexcept = default;

const std::vector<std::string>& TableReader::header() const noexcept { return impl_->header; }
bool TableReader::next(TableRow& row) { return impl_->next(row); }
const std::deque<TableRow>& TableReader::read_ahead(std::size_t rows, std::size_t bytes) {
  impl_->read_ahead(rows, bytes);
  return impl_->ahead;
}
TableFormat TableReader::format() const noexcept { return impl_->format(); }
std::int64_t TableReader::invalid_utf8_count() const noexcept { return impl_->invalid_count; }
std::int64_t TableReader::first_invalid_utf8_line() const noexcept { return impl_->first_invalid_line; }
const std::filesystem::path& TableReader::path() const noexcept { return impl_->path; }
std::string TableReader::name() const { return impl_->source.name(); }
std::int64_t TableReader::bytes_read() const noexcept { return impl_->source.bytes_read(); }
std::int64_t TableReader::total_bytes() const noexcept { return impl_->source.total_bytes(); }

}  // namespace quire
