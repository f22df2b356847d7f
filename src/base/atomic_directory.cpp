#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "base/partial.h"
#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

void sync(const fs::path& path, int flags, const fs::path& target) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (descriptor < 0) throw_system_error(errno, "read", path.string());
  const int code = sync_descriptor(descriptor);
  ::close(descriptor);
  if (code != 0) throw_system_error(code, "write", target.string());
}

// Files first, then the directories that name them.
void sync_tree(const fs::path& directory, const fs::path& target) {
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    if (entry.is_symlink()) continue;
    if (entry.is_directory()) {
      sync_tree(entry.path(), target);
    } else if (entry.is_regular_file()) {
      sync(entry.path(), 0, target);
    }
  }
  sync(directory, O_DIRECTORY, target);
}

}  // namespace

AtomicDirectory::AtomicDirectory(fs::path path) : path_(std::move(path)) {
  if (!path_.has_filename()) path_ = path_.parent_path();  // "run/" is the directory "run"
  std::error_code ignored;
  if (fs::is_symlink(path_, ignored)) path_ = fs::weakly_canonical(path_);
  if (path_.has_parent_path()) make_directories(path_.parent_path());
  remove_abandoned(path_);
  partial_ = partial_path(path_);
  descriptor_ = open_partial_directory(partial_, path_);
}

AtomicDirectory::~AtomicDirectory() {
  if (descriptor_ < 0) return;
  std::error_code ignored;
  fs::remove_all(partial_, ignored);
  ::close(descriptor_);
}

void AtomicDirectory::copy(const fs::path& from, const fs::path& name) {
  std::error_code failed;
  fs::copy(from, partial_ / name, fs::copy_options::recursive, failed);
  if (failed) throw_system_error(failed.value(), "write", (path_ / name).string());
}

void AtomicDirectory::commit() {
  try {
    sync_tree(partial_, path_);
  } catch (const fs::filesystem_error& error) {
    throw_system_error(error.code().value(), "write", path_.string());
  }
  // An empty directory may be there: rename() puts ours in its place, and refuses any other.
  if (::rename(partial_.c_str(), path_.c_str()) != 0) throw_system_error(errno, "write", path_.string());
  ::close(std::exchange(descriptor_, -1));
  sync_directory(path_.parent_path());
}

}  // namespace quire
