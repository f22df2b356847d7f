// Files and directories that are whole or not there: written beside their place and renamed into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace quire {

// Writes to "PATH.partial-PID"; commit() flushes to disk and renames over PATH. Without a commit the
// destructor removes what was written. A link stays a link: what it points to is written. A device, a pipe
// and what /dev/stdout or /dev/fd/N stand for are written directly. Every method throws Error on a failing
// disk.
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
  // Where it is written meanwhile, for a library that writes files by name.
  [[nodiscard]] const std::filesystem::path& place() const noexcept {
    return partial_.empty() ? target_ : partial_;
  }

 private:
  void flush();

  std::filesystem::path path_;     // as it was given
  std::filesystem::path target_;   // with its links followed
  std::filesystem::path partial_;  // empty: the target itself is written
  std::string buffer_;
  int descriptor_ = -1;
};

// The same for a directory that does not exist yet, or is empty: filled as "PATH.partial-PID"; commit()
// flushes every file and every directory in it to disk, then renames. Without a commit the destructor removes
// it.
class AtomicDirectory {
 public:
  explicit AtomicDirectory(std::filesystem::path path);
  ~AtomicDirectory();
  AtomicDirectory(const AtomicDirectory&) = delete;
  AtomicDirectory& operator=(const AtomicDirectory&) = delete;

  // Copies a file, or a directory with all that is in it, to `name` inside.
  void copy(const std::filesystem::path& from, const std::filesystem::path& name);
  // Where to write other files of the directory before the commit.
  [[nodiscard]] const std::filesystem::path& place() const noexcept { return partial_; }
  // Throws Error on a failing disk, and where something has taken the place meanwhile.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path partial_;
  int descriptor_ = -1;  // locks it
};

// Removes the partial files and directories below a directory whose processes are dead. What a living process
// writes stays.
void remove_partial_files(const std::filesystem::path& directory);

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

// Whole content of a file. Throws InputError when it cannot be opened.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

// Creates a directory and its parents; throws Error with the system's reason.
void make_directories(const std::filesystem::path& path);

// A read-only view of a file in memory. An empty file has an empty view. Reading on while another process
// cuts the file short ends this one with SIGBUS, which no check beforehand can rule out: a file that may be
// in use is replaced by renaming, as AtomicFile does, never written into.
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
