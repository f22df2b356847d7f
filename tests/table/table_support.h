// What the tests of tables share: files from strings, all rows of a file, an ear for warnings.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quire/base/context.h"
#include "quire/base/files.h"
#include "quire/table/reader.h"
#include "support.h"
#include "table/byte_sink.h"

namespace quire::test {

using Rows = std::vector<std::vector<std::string>>;

// Writes `content`, compressed where the name says so.
inline std::filesystem::path put(const TemporaryDirectory& directory, const std::string& name,
                                 std::string_view content) {
  const auto sink = make_sink(directory / name);
  sink->write(content);
  sink->commit();
  return directory / name;
}

struct Table {
  std::vector<std::string> header;
  Rows rows;
  std::vector<std::int64_t> lines;
};

inline Table read_table(const std::filesystem::path& path, TableFormat format = {}) {
  TableReader reader(path, format);
  Table table{.header = reader.header(), .rows = {}, .lines = {}};
  for (TableRow row; reader.next(row);) {
    table.rows.push_back(row.fields);
    table.lines.push_back(row.line);
  }
  return table;
}

class Recorder : public Observer {
 public:
  void message(Level level, std::string_view text) override {
    (level == Level::warning ? warnings : infos).emplace_back(text);
  }
  [[nodiscard]] Context context() {
    Context context;
    context.observer = this;
    return context;
  }

  std::vector<std::string> infos;
  std::vector<std::string> warnings;
};

}  // namespace quire::test
