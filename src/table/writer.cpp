#include "quire/table/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "quire/base/error.h"
#include "quire/table/reader.h"
#include "table/byte_sink.h"

namespace quire {

class TableWriter::Impl {
 public:
  Impl(const std::filesystem::path& path, std::size_t width)
      : sink(make_sink(path)), width_(width), delimiter_(default_delimiter(path)) {
    for (const char special : {delimiter_, '\n', '\r'}) specials_.push_back(special);
  }

  void write(std::span<const std::string> fields) {
    if (fields.size() != width_) {
      throw Error(fmt::format("a row of {} fields for a table of {} columns", fields.size(), width_));
    }
    line_.clear();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) line_.push_back(delimiter_);
      append(fields[i]);
    }
    line_.push_back('\n');
    sink->write(line_);
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

  std::size_t width_;
  char delimiter_;
  std::string specials_;
  std::string line_;
};

TableWriter::TableWriter(const std::filesystem::path& path, std::span<const std::string> header)
    : impl_(std::make_unique<Impl>(path, header.size())) {
  impl_->write(header);
}
TableWriter::~TableWriter() = default;
TableWriter::TableWriter(TableWriter&&) noexcept = default;
TableWriter& TableWriter::operator=(TableWriter&&) noexcept = default;

void TableWriter::write(std::span<const std::string> fields) { impl_->write(fields); }
void TableWriter::commit() { impl_->sink->commit(); }

}  // namespace quire
