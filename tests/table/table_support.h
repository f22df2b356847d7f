// What the tests of tables share: files from strings, all rows of a file, an ear for warnings.
#pragma once

#include <filesystem>
#include <fstream>
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

// Without waiting for the disk, which thousands of times takes minutes: not atomically, and not
// over an old file, which some file systems write out before they replace it.
inline void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// Writes `content`, compressed where the name says so.
inline std::filesystem::path put(const TemporaryDirectory& directory, const std::string& name,
                                 std::string_view content) {
  auto path = directory / name;
  if (name.ends_with(".gz") || name.ends_with(".xz") || name.ends_with(".GZ")) {
    const auto sink = make_sink(path);
    sink->write(content);
    sink->commit();
  } else {
    write_bytes(path, content);
  }
  return path;
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
