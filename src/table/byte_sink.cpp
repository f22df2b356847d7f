#include "table/byte_sink.h"

#include <lzma.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <new>
#include <string>
#include <utility>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "table/byte_source.h"

namespace quire {
namespace {

constexpr std::size_t kBufferSize = std::size_t{1} << 16;

class FileSink : public ByteSink {
 public:
  explicit FileSink(const std::filesystem::path& path) : file_(path) {}
  void write(std::string_view bytes) override { file_.write(bytes); }
  void commit() override { file_.commit(); }

 private:
  AtomicFile file_;
};

class StandardOutput : public ByteSink {
 public:
  void write(std::string_view bytes) override {
    buffer_.append(bytes);
    if (buffer_.size() >= kBufferSize) flush();
  }
  void commit() override { flush(); }

 private:
  void flush() {
    std::string_view rest = buffer_;
    while (!rest.empty()) {
      const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
      if (written >= 0) {
        rest.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno != EINTR) {
        throw_system_error(errno, "write", "standard output");
      }
    }
    buffer_.clear();
  }

  std::string buffer_;
};

class GzipSink : public ByteSink {
 public:
  explicit GzipSink(std::unique_ptr<ByteSink> target) : target_(std::move(target)) {
    // 15 + 16: gzip's framing, whose header zlib writes without a time: same bytes every time.
    if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~GzipSink() override { deflateEnd(&stream_); }
  GzipSink(const GzipSink&) = delete;
  GzipSink& operator=(const GzipSink&) = delete;

  void write(std::string_view bytes) override {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kBufferSize))) {
      run(bytes.substr(0, kBufferSize), Z_NO_FLUSH);
    }
  }
  void commit() override {
    run({}, Z_FINISH);
    target_->commit();
  }

 private:
  void run(std::string_view bytes, int flush) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      if (deflate(&stream_, flush) == Z_STREAM_ERROR) throw Error("zlib refused to compress");
      target_->write({buffer_.data(), buffer_.size() - stream_.avail_out});
    } while (stream_.avail_out == 0);
  }

  std::unique_ptr<ByteSink> target_;
  z_stream stream_{};
  std::array<char, kBufferSize> buffer_{};
};

class XzSink : public ByteSink {
 public:
  explicit XzSink(std::unique_ptr<ByteSink> target) : target_(std::move(target)) {
    if (lzma_easy_encoder(&stream_, LZMA_PRESET_DEFAULT, LZMA_CHECK_CRC64) != LZMA_OK) throw std::bad_alloc();
  }
  ~XzSink() override { lzma_end(&stream_); }
  XzSink(const XzSink&) = delete;
  XzSink& operator=(const XzSink&) = delete;

  void write(std::string_view bytes) override { run(bytes, LZMA_RUN); }
  void commit() override {
    run({}, LZMA_FINISH);
    target_->commit();
  }

 private:
  void run(std::string_view bytes, lzma_action action) {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    stream_.avail_in = bytes.size();
    lzma_ret status = LZMA_OK;
    do {
      stream_.next_out = reinterpret_cast<std::uint8_t*>(buffer_.data());
      stream_.avail_out = buffer_.size();
      status = lzma_code(&stream_, action);
      if (status == LZMA_MEM_ERROR) throw std::bad_alloc();
      if (status != LZMA_OK && status != LZMA_STREAM_END) throw Error("liblzma refused to compress");
      target_->write({buffer_.data(), buffer_.size() - stream_.avail_out});
    } while (stream_.avail_in > 0 || (action == LZMA_FINISH && status != LZMA_STREAM_END));
  }

  std::unique_ptr<ByteSink> target_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  std::array<char, kBufferSize> buffer_{};
};

}  // namespace

std::unique_ptr<ByteSink> make_sink(const std::filesystem::path& path) {
  if (is_standard_stream(path)) return std::make_unique<StandardOutput>();
  auto file = std::make_unique<FileSink>(path);
  const std::string extension = lower_extension(path, false);
  if (extension == ".gz") return std::make_unique<GzipSink>(std::move(file));
  if (extension == ".xz") return std::make_unique<XzSink>(std::move(file));
  return file;
}

}  // namespace quire
