#include "quire/base/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire {
namespace {

// " (pid 123)", or nothing where the file does not say.
std::string holder(const std::filesystem::path& file) {
  std::string number;
  try {
    number = read_file(file);
  } catch (const Error&) {
    return {};
  }
  number.resize(std::min(number.find('\n'), number.size()));
  if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos) return {};
  return fmt::format(" (pid {})", number);
}

// A full disk is no reason not to go on: messages will lack the number.
void write_process(int descriptor) {
  const std::string number = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, number.data(), number.size(), 0) < 0) return;
}

}  // namespace

std::optional<FileLock> FileLock::try_lock(const std::filesystem::path& file, const Context& context) {
  FileLock lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (lock.descriptor_ < 0) throw_system_error(errno, "lock", file.string());
  while (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) return {};
    context.warn(
        fmt::format("'{}' cannot be locked: {}; a second process that writes there would go unnoticed",
                    file.string(), std::generic_category().message(errno)));
    break;
  }
  write_process(lock.descriptor_);
  return lock;
}

FileLock FileLock::lock(const std::filesystem::path& file, std::string_view what, const Context& context) {
  if (std::optional<FileLock> taken = try_lock(file, context)) return std::move(*taken);
  throw InputError(fmt::format("'{}' is in use by another process{}", what, holder(file)),
                   "wait until it has ended, or stop it");
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

}  // namespace quire
