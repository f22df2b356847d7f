// The bytes of a file or of the standard input, decompressed where they are compressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "table/decoder.h"

namespace quire {

// gzip and xz are told by content, not by name; but a file that is named .gz or .xz and holds
// neither is refused.
class ByteSource {
 public:
  explicit ByteSource(const std::filesystem::path& path);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  // Fills the start of `output` and returns how much of it; 0 at the end. Throws InputError for
  // compressed data that is damaged or cut off, Error when the disk fails.
  [[nodiscard]] std::size_t read(std::span<char> output);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::int64_t bytes_read() const noexcept { return bytes_read_; }
  [[nodiscard]] std::int64_t total_bytes() const noexcept { return total_bytes_; }

 private:
  std::size_t read_descriptor(std::span<char> output);
  void fill_input();
  void choose_decoder(const std::filesystem::path& path);

  std::string name_;
  int descriptor_;
  std::int64_t bytes_read_ = 0;
  std::int64_t total_bytes_ = 0;      // 0: not known
  std::unique_ptr<Decoder> decoder_;  // none: plain
  std::vector<char> storage_;
  std::span<const char> input_;  // read from the file, not yet consumed
  bool input_ended_ = false;
};

// Whether `path` stands for the standard input or output.
[[nodiscard]] bool is_standard_stream(const std::filesystem::path& path);

// The extension in lower case; `without_compression`: that of the name without .gz or .xz.
[[nodiscard]] std::string lower_extension(const std::filesystem::path& path, bool without_compression);

}  // namespace quire
