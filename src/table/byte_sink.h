// Where a file's bytes go: into place at once, or to the standard output; compressed by name.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

namespace quire {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void write(std::string_view bytes) = 0;
  // Ends the data and puts the file in its place. A sink that is not committed leaves no file.
  virtual void commit() = 0;
};

// gzip for .gz, xz for .xz, else plain. "-" is the standard output.
[[nodiscard]] std::unique_ptr<ByteSink> make_sink(const std::filesystem::path& path);

}  // namespace quire
