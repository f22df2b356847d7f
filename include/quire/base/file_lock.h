// One process at a time: a lock on a file, which the kernel releases when the process ends, however it ends.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "quire/base/context.h"

namespace quire {

// Holds its lock for as long as it lives. The file is made if it is missing and stays: removing it would let
// two processes lock two files of one name. It holds the number of the process, for messages alone.
//
// On a file system without locks there is a warning, and nothing is locked.
class FileLock {
 public:
  // Nothing when it is locked already, be it by this process. Throws InputError or Error when the file cannot
  // be opened.
  [[nodiscard]] static std::optional<FileLock> try_lock(const std::filesystem::path& file,
                                                        const Context& context);
  // The same, but InputError when it is locked already: "'WHAT' is in use by another process (pid N)".
  [[nodiscard]] static FileLock lock(const std::filesystem::path& file, std::string_view what,
                                     const Context& context);

  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace quire
