#include "table/repeats.h"

#include <algorithm>
#include <filesystem>

#include "quire/base/utf8.h"
#include "table/byte_source.h"
#include "table/id_set.h"

namespace quire {
namespace {

// Enough that ids of a sample repeat, if they are to repeat; little enough to be read in a second or two.
constexpr std::int64_t kMostRows = 1'000'000;
constexpr std::size_t kRowsAhead = 1000;
constexpr std::size_t kBytesAhead = std::size_t{16} << 20;

class Repeats {
 public:
  explicit Repeats(std::span<const std::size_t> columns)
      : columns_(columns), seen_(columns.size()), found_(columns.size(), false) {}

  // False once every column is known to repeat.
  bool look_at(const TableRow& row) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!found_[i]) found_[i] = seen_[i].insert(trim(row.fields[columns_[i]]), row.line) != 0;
    }
    return !std::ranges::all_of(found_, [](bool repeats) { return repeats; });
  }
  [[nodiscard]] std::vector<bool> found() && { return std::move(found_); }

 private:
  std::span<const std::size_t> columns_;
  std::vector<IdSet> seen_;
  std::vector<bool> found_;
};

}  // namespace

std::vector<bool> find_repeats(TableReader& table, std::span<const std::size_t> columns,
                               const Context& context) {
  Repeats repeats(columns);
  if (is_standard_stream(table.path()) || !std::filesystem::is_regular_file(table.path())) {
    for (const TableRow& row : table.read_ahead(kRowsAhead, kBytesAhead)) {
      if (!repeats.look_at(row)) break;
    }
    return std::move(repeats).found();
  }
  TableReader again(table.path(), table.format());
  std::int64_t count = 0;
  for (TableRow row; count < kMostRows && again.next(row); ++count) {
    if (!repeats.look_at(row)) break;
    if (count % 4096 != 0) continue;
    context.check_stop();
    context.progress({.stage = "looking for ids",
                      .done = again.bytes_read(),
                      .total = again.total_bytes(),
                      .detail = {},
                      .seconds_left = -1});
  }
  return std::move(repeats).found();
}

}  // namespace quire
