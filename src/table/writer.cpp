#include "quire/table/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "quire/base/error.h"
#include "quire/base/naming.h"
#include "table/byte_sink.h"

namespace quire {

class TableWriter::Impl {
 public:
  Impl(const std::filesystem::path& path, std::size_t width, TableFormat::Quoting quoting)
      : sink(make_sink(path)),
        path_(path),
        width_(width),
        delimiter_(default_delimiter(path)),
        quoting_(quoting == TableFormat::Quoting::automatic) {
    for (const char special : {delimiter_, '\n', '\r'}) specials_.push_back(special);
  }

  void write(std::span<const std::string> fields) {
    if (fields.size() != width_) {
      throw Error(fmt::format("a row of {} fields for a table of {} columns", fields.size(), width_));
    }
    line_.clear();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) line_.push_back(delimiter_);
      if (quoting_) {
        append(fields[i]);
      } else {
        append_plain(fields[i], i + 1 == fields.size());
      }
    }
    line_.push_back('\n');
    sink->write(line_);
    ++rows_;
  }

  std::unique_ptr<ByteSink> sink;

 private:
  void append(std::string_view field) {
    const bool alone_and_empty = width_ == 1 && field.empty();
    // At the start of a file a byte order mark would be taken for one.
    const bool quote = alone_and_empty || field.starts_with('"') || field.starts_with("\xEF\xBB\xBF") ||
                       field.find_first_of(specials_) != std::string_view::npos;
    if (!quote) {
      line_.append(field);
      return;
    }
    line_.push_back('"');
    for (const char c : field) {
      if (c == '"') line_.push_back('"');
      line_.push_back(c);
    }
    line_.push_back('"');
  }

  void append_plain(std::string_view field, bool is_last) {
    std::string_view found;
    if (field.find(delimiter_) != std::string_view::npos) found = delimiter_ == ',' ? "a comma" : "a tab";
    if (field.find('\n') != std::string_view::npos || (is_last && field.ends_with('\r')))
      found = "a line break";
    // At the start of a file a byte order mark would be taken for one.
    if (rows_ == 0 && line_.empty() && field.starts_with("\xEF\xBB\xBF")) found = "a byte order mark";
    if (!found.empty()) {
      throw InputError(
          fmt::format("{} of '{}' cannot be written without quotes: {} holds {}",
                      rows_ == 0 ? "the header" : fmt::format("row {}", rows_), path_.string(),
                      quoted_name(field), found),
          "name the output .tsv if it is .csv, or the other way round; or leave out --quoting none");
    }
    line_.append(field);
  }

  std::filesystem::path path_;
  std::size_t width_;
  char delimiter_;
  bool quoting_;
  std::int64_t rows_ = 0;  // written so far, with the header
  std::string specials_;
  std::string line_;
};

TableWriter::TableWriter(const std::filesystem::path& path, std::span<const std::string> header,
                         TableFormat::Quoting quoting)
    : impl_(std::make_unique<Impl>(path, header.size(), quoting)) {
  impl_->write(header);
}
TableWriter::~TableWriter() = default;
TableWriter::TableWriter(TableWriter&&) noexcept = default;
TableWriter& TableWriter::operator=(TableWriter&&) noexcept = default;

void TableWriter::write(std::span<const std::string> fields) { impl_->write(fields); }
void TableWriter::commit() { impl_->sink->commit(); }

}  // namespace quire
