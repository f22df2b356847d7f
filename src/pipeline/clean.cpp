#include "quire/pipeline/clean.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "quire/base/threads.h"
#include "quire/table/documents.h"
#include "quire/table/writer.h"

namespace quire {
namespace {

// Rows held at a time: enough for all threads, few enough for long documents.
constexpr std::size_t kRows = 4096;
constexpr std::size_t kBytes = std::size_t{32} << 20;

// Fills `rows` with the next ones; false when there are none.
bool read_block(TableReader& reader, std::vector<TableRow>& rows) {
  rows.clear();
  std::size_t bytes = 0;
  for (TableRow row; rows.size() < kRows && bytes < kBytes && reader.next(row);) {
    for (const std::string& field : row.fields) bytes += field.size();
    rows.push_back(std::move(row));
  }
  return !rows.empty();
}

void clean_block(const Cleaner& cleaner, const std::vector<std::size_t>& columns, std::vector<TableRow>& rows,
                 int threads) {
  parallel_for(static_cast<std::int64_t>(rows.size()), 16, threads,
               [&](std::int64_t begin, std::int64_t end) {
                 for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
                   for (const std::size_t column : columns) {
                     std::string& field = rows[i].fields[column];
                     field = cleaner.clean(field);
                   }
                 }
               });
}

}  // namespace

std::int64_t clean_table(const std::string& input, const std::string& output,
                         const CleanTableOptions& options, const Context& context) {
  const Cleaner cleaner(options.clean);
  TableReader reader(input, options.format);
  const Columns columns = resolve_columns(reader, options.columns, LabelColumn::optional, context);
  TableWriter writer(output, reader.header(), options.format.quoting);
  std::int64_t count = 0;
  for (std::vector<TableRow> rows; read_block(reader, rows);) {
    context.check_stop();
    for (const TableRow& row : rows) {
      require_utf8(row, columns.label, "label", reader.name());
      require_utf8(row, columns.id, "id", reader.name());
    }
    clean_block(cleaner, columns.text, rows, context.threads);
    for (const TableRow& row : rows) writer.write(row.fields);
    count += static_cast<std::int64_t>(rows.size());
    const std::string detail = fmt::format("{} rows", count);
    context.progress(
        {.stage = "cleaning", .done = reader.bytes_read(), .total = reader.total_bytes(), .detail = detail});
  }
  writer.commit();
  if (reader.invalid_utf8_count() > 0) {
    context.warn(fmt::format("{}: {} malformed UTF-8 sequences were replaced by U+FFFD, the first in line {}",
                             reader.name(), reader.invalid_utf8_count(), reader.first_invalid_utf8_line()));
  }
  return count;
}

}  // namespace quire
