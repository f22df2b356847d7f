// A table. What was read can be written and is read back the same; and compressed it is the same table,
// though the reads of the file then end in other places.
#include "fuzz/fuzz.h"
#include "quire/table/documents.h"
#include "quire/table/reader.h"
#include "quire/table/writer.h"
#include "table/byte_sink.h"

namespace quire {
namespace {

struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

Table read(const std::filesystem::path& path,
           TableFormat::Quoting quoting = TableFormat::Quoting::automatic) {
  TableReader reader(path, {.quoting = quoting, .delimiter = {}});
  Table table{.header = reader.header(), .rows = {}};
  for (TableRow row; reader.next(row);) table.rows.push_back(row.fields);
  return table;
}

void read_documents(const std::filesystem::path& path) {
  DocumentReader reader(path, {}, LabelColumn::optional, {}, DuplicateIds::warn, {});
  for (Document document; reader.next(document);) {
  }
  reader.finish();
}

void check_copy(const Table& table, const std::filesystem::path& path) {
  std::filesystem::remove(path);
  TableWriter writer(path, table.header);
  for (const auto& row : table.rows) writer.write(row);
  writer.commit();
  const Table copy = read(path);
  fuzz::require(copy.header == table.header && copy.rows == table.rows, "a copy of a table reads the same");
}

}  // namespace

QUIRE_FUZZ_TARGET(table) {
  static const fuzz::Folder folder;
  const auto tsv = folder.put("table.tsv", input);
  folder.put("table.csv", input);
  (void)fuzz::takes([](std::string_view) { (void)read(folder / "table.tsv", TableFormat::Quoting::none); },
                    {});
  (void)fuzz::takes([](std::string_view) { read_documents(folder / "table.tsv"); }, {});
  (void)fuzz::takes([](std::string_view) { check_copy(read(folder / "table.csv"), folder / "copy.csv"); },
                    {});

  const Table table = read(tsv);
  check_copy(table, folder / "copy.tsv");
  if (input.starts_with("\x1F\x8B") || input.starts_with("\xFD"
                                                         "7zXZ"))
    return;
  const auto packed = folder / "packed.tsv.gz";
  std::filesystem::remove(packed);
  const auto sink = make_sink(packed);
  sink->write(input);
  sink->commit();
  const Table unpacked = read(packed);
  fuzz::require(unpacked.header == table.header && unpacked.rows == table.rows,
                "compressed it is the same table");
}

}  // namespace quire
