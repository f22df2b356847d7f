#include "base/partial.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <optional>
#include <string_view>
#include <vector>

#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = ".partial-";  // and the number of the process

enum class Lock { taken, held_by_another, not_supported };

Lock lock(int descriptor) {
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return Lock::taken;
  return errno == EWOULDBLOCK ? Lock::held_by_another : Lock::not_supported;
}

// The process in the name of what is partial; nothing for another name.
std::optional<pid_t> writer_of(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::size_t mark = name.rfind(kMark);
  if (mark == std::string::npos) return {};
  const char* end = name.data() + name.size();
  pid_t process = 0;
  const auto [rest, error] = std::from_chars(name.data() + mark + kMark.size(), end, process);
  if (error != std::errc() || rest != end || process <= 0) return {};
  return process;
}

// True when nobody writes it any more. Where a file system has no locks, the number of the process decides.
bool is_abandoned(const fs::path& path, pid_t writer) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const Lock found = lock(descriptor);
  ::close(descriptor);
  if (found != Lock::not_supported) return found == Lock::taken;
  return writer != ::getpid() && ::kill(writer, 0) != 0 && errno == ESRCH;
}

// False when `partial` was removed between opening and locking, by a process that took it for abandoned.
bool lock_or_throw(int descriptor, const fs::path& path) {
  if (lock(descriptor) == Lock::held_by_another) {
    ::close(descriptor);
    throw Error(fmt::format("'{}' is being written by another process", path.string()),
                "wait until it has ended");
  }
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && status.st_nlink > 0) return true;
  ::close(descriptor);
  return false;
}

}  // namespace

fs::path partial_path(const fs::path& path) {
  return fmt::format("{}{}{}", path.string(), kMark, ::getpid());
}

void remove_abandoned(const fs::path& path) noexcept {
  try {
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    const std::string beginning = path.filename().string() + std::string(kMark);
    std::vector<fs::path> found;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (!entry.path().filename().string().starts_with(beginning)) continue;
      const std::optional<pid_t> writer = writer_of(entry.path());
      if (writer && !entry.is_symlink() && is_abandoned(entry.path(), *writer)) found.push_back(entry.path());
    }
    for (const fs::path& one : found) fs::remove_all(one);
  } catch (const std::exception&) {
    // A folder that cannot be listed keeps what is in it.
  }
}

int open_partial_file(const fs::path& partial, const fs::path& path) {
  for (;;) {
    const int descriptor = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) throw_system_error(errno, "write", path.string());
    if (!lock_or_throw(descriptor, path)) continue;
    if (::ftruncate(descriptor, 0) == 0) return descriptor;
    const int code = errno;
    ::close(descriptor);
    throw_system_error(code, "write", path.string());
  }
}

int open_partial_directory(const fs::path& partial, const fs::path& path) {
  for (;;) {
    if (::mkdir(partial.c_str(), 0777) != 0 && errno != EEXIST)
      throw_system_error(errno, "create the directory", path.string());
    const int descriptor = ::open(partial.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT) continue;
    if (descriptor < 0) throw_system_error(errno, "create the directory", path.string());
    if (!lock_or_throw(descriptor, path)) continue;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(partial, ignored))
      fs::remove_all(entry.path(), ignored);
    return descriptor;
  }
}

void sync_directory(const fs::path& directory) {
  const int descriptor =
      ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;  // not readable: the rename itself has happened
  ::fsync(descriptor);
  ::close(descriptor);
}

int sync_descriptor(int descriptor) {
  return ::fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS ? 0 : errno;
}

void remove_partial_files(const fs::path& directory) {
  if (!fs::exists(directory)) return;
  std::vector<fs::path> found;
  for (auto entry = fs::recursive_directory_iterator(directory); entry != fs::recursive_directory_iterator();
       ++entry) {
    if (entry->is_symlink() || (!entry->is_regular_file() && !entry->is_directory())) continue;
    const std::optional<pid_t> writer = writer_of(entry->path());
    if (!writer) continue;
    if (entry->is_directory()) entry.disable_recursion_pending();
    if (is_abandoned(entry->path(), *writer)) found.push_back(entry->path());
  }
  for (const fs::path& path : found) fs::remove_all(path);
}

}  // namespace quire
