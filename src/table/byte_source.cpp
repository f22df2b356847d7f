#include "table/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "quire/base/error.h"

namespace quire {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kInputSize = std::size_t{1} << 18;
constexpr std::string_view kGzipMagic = "\x1F\x8B"sv;
constexpr std::string_view kXzMagic =
    "\xFD"
    "7zXZ\0"sv;

struct Foreign {
  std::string_view magic;
  std::string_view what;
};
// What people hand in instead of a table.
constexpr std::array kForeign = {
    Foreign{"PK\x03\x04"sv, "a zip archive or a spreadsheet"},
    Foreign{"\xD0\xCF\x11\xE0"sv, "an old spreadsheet"},
    Foreign{"\x28\xB5\x2F\xFD"sv, "compressed with zstd"},
    Foreign{"BZh91AY&SY"sv, "compressed with bzip2"},
    Foreign{"PAR1"sv, "a Parquet file"},
};

int open_for_reading(const std::filesystem::path& path) {
  if (is_standard_stream(path)) return STDIN_FILENO;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw_system_error(errno, "open", path.string());
  return descriptor;
}

}  // namespace

bool is_standard_stream(const std::filesystem::path& path) { return path == "-"; }

std::string lower_extension(const std::filesystem::path& path, bool without_compression) {
  const auto lower = [](std::string text) {
    for (char& c : text) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
  };
  std::string extension = lower(path.extension().string());
  if (without_compression && (extension == ".gz" || extension == ".xz")) {
    extension = lower(path.stem().extension().string());
  }
  return extension;
}

ByteSource::ByteSource(const std::filesystem::path& path)
    : name_(is_standard_stream(path) ? "standard input" : path.string()),
      descriptor_(open_for_reading(path)),
      storage_(kInputSize) {
  try {
    struct stat status {};
    if (::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)) total_bytes_ = status.st_size;
    fill_input();
    choose_decoder(path);
  } catch (...) {
    if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
    throw;
  }
}

ByteSource::~ByteSource() {
  if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
}

std::size_t ByteSource::read_descriptor(std::span<char> output) {
  for (;;) {
    const ssize_t count = ::read(descriptor_, output.data(), output.size());
    if (count >= 0) {
      bytes_read_ += count;
      return static_cast<std::size_t>(count);
    }
    if (errno != EINTR) throw_system_error(errno, "read", name_);
  }
}

// Reads until there is enough to tell the kinds of file apart; a pipe may hand out less at first.
void ByteSource::fill_input() {
  constexpr std::size_t kEnough = 16;
  std::size_t size = 0;
  while (size < kEnough && !input_ended_) {
    const std::size_t count = read_descriptor(std::span(storage_).subspan(size));
    input_ended_ = count == 0;
    size += count;
  }
  input_ = std::span<const char>(storage_).first(size);
}

void ByteSource::choose_decoder(const std::filesystem::path& path) {
  const std::string_view start(input_.data(), input_.size());
  const std::string extension = lower_extension(path, false);
  if (start.starts_with(kGzipMagic)) {
    decoder_ = make_gzip_decoder(name_);
  } else if (start.starts_with(kXzMagic)) {
    decoder_ = make_xz_decoder(name_);
  } else if (!start.empty() && (extension == ".gz" || extension == ".xz")) {
    throw InputError(fmt::format("'{}' is named {} but does not start as such a file does", name_, extension),
                     "copy or download it again; if it is plain text, rename it");
  }
  for (const auto& [magic, what] : kForeign) {
    if (start.starts_with(magic)) {
      throw InputError(fmt::format("'{}' is not a table of text: it is {}", name_, what),
                       "save it as TSV or CSV in UTF-8, plain or compressed with gzip or xz");
    }
  }
}

std::size_t ByteSource::read(std::span<char> output) {
  if (output.empty()) return 0;
  if (!decoder_) {
    if (input_.empty()) return input_ended_ ? 0 : read_descriptor(output);
    const std::size_t count = std::min(input_.size(), output.size());
    std::memcpy(output.data(), input_.data(), count);
    input_ = input_.subspan(count);
    return count;
  }
  for (;;) {
    if (input_.empty() && !input_ended_) {
      const std::size_t count = read_descriptor(storage_);
      input_ended_ = count == 0;
      input_ = std::span<const char>(storage_).first(count);
    }
    const Decoder::Step step = decoder_->step(input_, output, input_ended_);
    input_ = input_.subspan(step.consumed);
    if (step.produced > 0) return step.produced;
    if (input_.empty() && input_ended_) {
      if (decoder_->complete()) return 0;
      throw InputError(fmt::format("'{}' is cut off: its compressed data ends too early", name_),
                       "copy or download the file again");
    }
  }
}

}  // namespace quire
