#include "quire/table/documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "quire/base/error.h"
#include "quire/base/naming.h"
#include "quire/base/utf8.h"
#include "table/id_set.h"

namespace quire {
namespace {

// How often something was met, and the line of the first time.
struct Tally {
  std::int64_t count = 0;
  std::int64_t first_line = 0;

  void add(std::int64_t line) {
    if (count++ == 0) first_line = line;
  }
};

}  // namespace

void require_utf8(const TableRow& row, std::optional<std::size_t> column, std::string_view what,
                  const std::string& file) {
  const auto found = std::ranges::find(
      row.repaired, column, [](const RepairedField& field) { return std::optional(field.column); });
  if (found == row.repaired.end()) return;
  throw InputError(fmt::format("{}:{}: the {} {} is not valid UTF-8", file, row.line, what,
                               quoted_name(escape_malformed_utf8(trim(found->original)))),
                   "in labels and ids nothing is guessed: save the file as UTF-8; `iconv -f latin1 -t utf-8` "
                   "makes it of Latin-1");
}

class DocumentReader::Impl {
 public:
  Impl(std::filesystem::path path, const ColumnFlags& flags, LabelColumn label_column_, TableFormat format,
       DuplicateIds duplicate_ids_, const Context& context_)
      : table(std::move(path), format),
        columns(resolve_columns(table, flags, label_column_, context_)),
        context(context_),
        label_column(label_column_),
        duplicate_ids(duplicate_ids_) {}

  bool next(Document& document);
  void finish() const;

  TableReader table;
  Columns columns;
  Context context;
  LabelColumn label_column;
  DuplicateIds duplicate_ids;
  std::int64_t count = 0;

 private:
  std::string_view field(std::size_t column) const { return trim(row_.fields[column]); }
  std::string place() const { return fmt::format("{}:{}", table.name(), row_.line); }
  void check_utf8() const;
  void read_id(std::string& id);
  void take(std::size_t column, std::string& text);
  void read_text(Document& document);
  void read_label(std::string& label) const;
  void warn(const Tally& tally, std::string_view what) const;

  TableRow row_;
  IdSet ids_;
  Tally empty_texts_;
  Tally missing_groups_;
  Tally duplicates_;
  std::string first_duplicate_;
};

bool DocumentReader::Impl::next(Document& document) {
  if (!table.next(row_)) {
    if (count == 0) {
      throw InputError(fmt::format("'{}' has a header and no rows", table.name()),
                       "every line after the first is a document");
    }
    return false;
  }
  document.line = row_.line;
  if (!row_.repaired.empty()) check_utf8();
  read_id(document.id);
  read_label(document.label);
  document.group.clear();
  if (columns.group) {
    document.group = field(*columns.group);
    if (document.group.empty()) missing_groups_.add(row_.line);
  }
  read_text(document);  // last: it takes the fields
  ++count;
  return true;
}

void DocumentReader::Impl::check_utf8() const {
  require_utf8(row_, columns.label, "label", table.name());
  require_utf8(row_, columns.group, "group", table.name());
  if (duplicate_ids != DuplicateIds::ignore) require_utf8(row_, columns.id, "id", table.name());
}

void DocumentReader::Impl::read_id(std::string& id) {
  if (!columns.id) {
    id = std::to_string(count);
    return;
  }
  id = field(*columns.id);
  if (duplicate_ids == DuplicateIds::ignore) return;
  const std::int64_t earlier = ids_.insert(id, row_.line);
  if (earlier == 0) return;
  if (duplicate_ids == DuplicateIds::error) {
    throw InputError(
        fmt::format("{}: the id {} was used before, in line {}", place(), quoted_name(id), earlier),
        "ids must be unique; --id names another column");
  }
  if (duplicates_.count == 0) first_duplicate_ = id;
  duplicates_.add(row_.line);
}

// Texts may be long: one that needs no trimming changes hands, and the row gets the old one's memory.
void DocumentReader::Impl::take(std::size_t column, std::string& text) {
  const std::string_view trimmed = field(column);
  if (trimmed.size() == row_.fields[column].size()) {
    text.swap(row_.fields[column]);
  } else {
    text = trimmed;
  }
}

void DocumentReader::Impl::read_text(Document& document) {
  take(columns.text[0], document.text);
  if (columns.text.size() == 1) {
    document.pair.reset();
  } else {
    if (!document.pair) document.pair.emplace();
    take(columns.text[1], *document.pair);
    for (std::size_t i = 2; i < columns.text.size(); ++i) {
      const std::string_view part = field(columns.text[i]);
      if (!document.pair->empty() && !part.empty()) document.pair->push_back(' ');
      document.pair->append(part);
    }
  }
  if (document.text.empty() && (!document.pair || document.pair->empty())) empty_texts_.add(row_.line);
}

void DocumentReader::Impl::read_label(std::string& label) const {
  label.clear();
  if (!columns.label) return;
  label = field(*columns.label);
  if (label.empty() && label_column == LabelColumn::required) {
    throw InputError(fmt::format("{}: the label (column '{}') is empty", place(), columns.label_name),
                     "give the row a label or remove it");
  }
  if (label.find_first_of("\r\n") != std::string::npos) {
    throw InputError(fmt::format("{}: the label {} holds a line break", place(), quoted_name(label)),
                     "labels are kept one a line; --label names another column");
  }
}

void DocumentReader::Impl::warn(const Tally& tally, std::string_view what) const {
  if (tally.count == 0) return;
  context.warn(fmt::format("{}: {} (first in line {})", table.name(), what, tally.first_line));
}

void DocumentReader::Impl::finish() const {
  const auto rows = [](const Tally& tally, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", tally.count, tally.count == 1 ? one : many);
  };
  warn(empty_texts_, rows(empty_texts_, "document has an empty text", "documents have an empty text"));
  warn(missing_groups_, rows(missing_groups_, "row has no group and is on its own",
                             "rows have no group and are each on their own"));
  warn(duplicates_, rows(duplicates_, "row repeats an earlier id", "rows repeat an earlier id") +
                        fmt::format(", such as {}", quoted_name(first_duplicate_)));
  const Tally invalid{.count = table.invalid_utf8_count(), .first_line = table.first_invalid_utf8_line()};
  warn(invalid, rows(invalid, "place is not valid UTF-8 and was", "places are not valid UTF-8 and were") +
                    " replaced by U+FFFD");
}

DocumentReader::DocumentReader(std::filesystem::path path, const ColumnFlags& flags, LabelColumn label_column,
                               TableFormat format, DuplicateIds duplicate_ids, const Context& context)
    : impl_(std::make_unique<Impl>(std::move(path), flags, label_column, format, duplicate_ids, context)) {}
DocumentReader::~DocumentReader() = default;
DocumentReader::DocumentReader(DocumentReader&&) noexcept = default;
DocumentReader& DocumentReader::operator=(DocumentReader&&) noexcept = default;

bool DocumentReader::next(Document& document) { return impl_->next(document); }
void DocumentReader::finish() { impl_->finish(); }
const Columns& DocumentReader::columns() const noexcept { return impl_->columns; }
const TableReader& DocumentReader::table() const noexcept { return impl_->table; }
std::int64_t DocumentReader::count() const noexcept { return impl_->count; }

}  // namespace quire
