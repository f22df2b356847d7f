#include "quire/base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "quire/base/error.h"

namespace quire {
namespace {

constexpr std::string_view kPartialMark = ".partial-";  // and the number of the process

constexpr std::size_t kBufferSize = std::size_t{1} << 18;

void write_all(int descriptor, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_system_error(errno, "write", path.string());
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// A rename is durable only once its directory is.
void sync_directory(const std::filesystem::path& directory) {
  const int descriptor =
      ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;  // not readable: the rename itself has happened
  ::fsync(descriptor);
  ::close(descriptor);
}

class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& path)
      : value_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
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

AtomicFile::AtomicFile(std::filesystem::path path)
    : path_(std::move(path)), partial_(fmt::format("{}{}{}", path_.string(), kPartialMark, ::getpid())) {
  std::error_code ignored;
  const auto kind = std::filesystem::status(path_, ignored).type();
  using Kind = std::filesystem::file_type;
  if (kind == Kind::directory) throw_system_error(EISDIR, "write", path_.string());
  // A device or a pipe is written as it comes: renaming over it would destroy it.
  if (kind == Kind::character || kind == Kind::fifo || kind == Kind::block || kind == Kind::socket)
    partial_.clear();
  const std::filesystem::path& target = partial_.empty() ? path_ : partial_;
  const int flags = partial_.empty() ? O_WRONLY : O_WRONLY | O_CREAT | O_TRUNC;
  descriptor_ = ::open(target.c_str(), flags | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw_system_error(errno, "write", path_.string());
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!partial_.empty()) ::unlink(partial_.c_str());
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
  if (::fsync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) {
    throw_system_error(errno, "write", path_.string());
  }
  if (::close(std::exchange(descriptor_, -1)) != 0) {
    const int code = errno;
    ::unlink(partial_.c_str());
    throw_system_error(code, "write", path_.string());
  }
  if (::rename(partial_.c_str(), path_.c_str()) != 0) {
    const int code = errno;
    ::unlink(partial_.c_str());
    throw_system_error(code, "write", path_.string());
  }
  sync_directory(path_.parent_path());
}

void remove_partial_files(const std::filesystem::path& directory) {
  namespace fs = std::filesystem;
  if (!fs::exists(directory)) return;
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    const std::size_t mark = name.rfind(kPartialMark);
    if (mark == std::string::npos || !entry.is_regular_file()) continue;
    const std::string_view number = std::string_view(name).substr(mark + kPartialMark.size());
    if (!number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos)
      found.push_back(entry.path());
  }
  for (const fs::path& path : found) fs::remove(path);
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

std::string read_file(const std::filesystem::path& path) {
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

void make_directories(const std::filesystem::path& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) throw_system_error(code.value(), "create the directory", path.string());
}

MappedFile::MappedFile(const std::filesystem::path& path) {
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
