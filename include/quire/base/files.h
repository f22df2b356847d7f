// Files that are whole or not there: written beside their place and renamed into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace quire {

// Writes to "PATH.partial-PID" (a device or a pipe directly); commit() flushes to disk and renames over PATH.
// Without a commit the destructor removes what was written. Every method throws Error on a failing disk.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  void write(std::span<const std::byte> bytes);
  // Writes over the first bytes, for what is known only at the end; they must have been written before.
  // Not for a device or a pipe, whose bytes are gone: see is_rewritable().
  void rewrite_start(std::string_view bytes);
  [[nodiscard]] bool is_rewritable() const noexcept { return !partial_.empty(); }
  void commit();
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  void flush();

  std::filesystem::path path_;
  std::filesystem::path partial_;  // empty: path_ itself is written
  std::string buffer_;
  int descriptor_ = -1;
};

// Removes what a killed process left half-written below a directory that no other process writes to.
void remove_partial_files(const std::filesystem::path& directory);

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

// Whole content of a file. Throws InputError when it cannot be opened.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

// Creates a directory and its parents; throws Error with the system's reason.
void make_directories(const std::filesystem::path& path);

// A read-only view of a file in memory. An empty file has an empty view.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace quire
