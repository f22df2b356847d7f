#include "quire/base/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/partial.h"
#include "quire/base/error.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferSize = std::size_t{1} << 18;

void write_all(int descriptor, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_system_error(errno, "write", path.string());
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// The descriptor that /dev/stdout, /dev/fd/N or /proc/self/fd/N stand for, or -1. `path` is a link.
int descriptor_behind(const fs::path& path) {
  std::error_code failed;
  const fs::path folder = fs::canonical(fs::absolute(path).parent_path(), failed);
  if (failed || folder != fs::canonical("/proc/self/fd", failed) || failed) return -1;
  const std::string name = path.filename().string();
  int number = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : -1;
}

// Where a path leads, and the descriptor of ours if it leads to one.
struct Target {
  fs::path path;
  int descriptor = -1;
};

// Step by step, since a link may also point to what does not exist yet.
Target follow_links(const fs::path& path) {
  constexpr int kMostLinks = 40;  // as the kernel follows
  std::error_code ignored;
  Target target{path};
  for (int links = 0; fs::is_symlink(fs::symlink_status(target.path, ignored)); ++links) {
    if (links == kMostLinks) throw_system_error(ELOOP, "write", path.string());
    target.descriptor = descriptor_behind(target.path);
    if (target.descriptor >= 0) return target;
    // A relative link starts from its own folder.
    target.path = target.path.parent_path() / fs::read_symlink(target.path, ignored);
  }
  return target;
}

class Descriptor {
 public:
  explicit Descriptor(const fs::path& path) : value_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (value_ < 0) throw_system_error(errno, "open", path.string());
  }
  ~Descriptor() { ::close(value_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return value_; }

 private:
  int value_;
};

}  // namespace

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  const Target target = follow_links(path_);
  target_ = target.path;
  if (target.descriptor >= 0) {
    descriptor_ = ::fcntl(target.descriptor, F_DUPFD_CLOEXEC, 0);
    if (descriptor_ < 0) throw_system_error(errno, "write", path_.string());
    return;
  }
  std::error_code ignored;
  const auto kind = fs::status(target_, ignored).type();
  using Kind = fs::file_type;
  if (kind == Kind::directory) throw_system_error(EISDIR, "write", path_.string());
  // A device or a pipe is written as it comes: renaming over it would destroy it.
  if (kind == Kind::character || kind == Kind::fifo || kind == Kind::block || kind == Kind::socket) {
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) throw_system_error(errno, "write", path_.string());
    return;
  }
  remove_abandoned(target_);
  partial_ = partial_path(target_);
  descriptor_ = open_partial_file(partial_, path_);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  // Before its lock goes.
  if (!partial_.empty()) ::unlink(partial_.c_str());
  ::close(descriptor_);
}

void AtomicFile::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferSize) flush();
  if (bytes.size() >= kBufferSize) {
    write_all(descriptor_, bytes, path_);
  } else {
    buffer_.append(bytes);
  }
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void AtomicFile::flush() {
  write_all(descriptor_, buffer_, path_);
  buffer_.clear();
}

void AtomicFile::rewrite_start(std::string_view bytes) {
  flush();
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t written =
        ::pwrite(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (written < 0 && errno != EINTR) throw_system_error(errno, "write", path_.string());
    if (written > 0) done += static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  flush();
  if (partial_.empty()) {
    if (::close(std::exchange(descriptor_, -1)) != 0) throw_system_error(errno, "write", path_.string());
    return;
  }
  if (const int code = sync_descriptor(descriptor_); code != 0)
    throw_system_error(code, "write", path_.string());
  // Renamed before it is closed, which unlocks it: nobody may take it for abandoned.
  if (::rename(partial_.c_str(), target_.c_str()) != 0) throw_system_error(errno, "write", path_.string());
  if (::close(std::exchange(descriptor_, -1)) != 0) throw_system_error(errno, "write", path_.string());
  sync_directory(target_.parent_path());
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

std::string read_file(const fs::path& path) {
  const Descriptor file(path);
  std::string content;
  std::size_t size = 0;
  for (;;) {
    content.resize(size + kBufferSize);
    const ssize_t count = ::read(file.get(), content.data() + size, kBufferSize);
    if (count < 0) {
      if (errno == EINTR) continue;
      throw_system_error(errno, "read", path.string());
    }
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  content.resize(size);
  return content;
}

void make_directories(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code) throw_system_error(code.value(), "create the directory", path.string());
}

MappedFile::MappedFile(const fs::path& path) {
  const Descriptor file(path);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_system_error(errno, "read", path.string());
  if (!S_ISREG(status.st_mode))
    throw_system_error(S_ISDIR(status.st_mode) ? EISDIR : EINVAL, "read", path.string());
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ == 0) return;
  void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) throw_system_error(errno, "map", path.string());
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace quire
