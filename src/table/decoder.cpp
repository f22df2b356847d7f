#include "table/decoder.h"

#include <fmt/format.h>
#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <new>

#include "quire/base/error.h"

namespace quire {
namespace {

// Enough for every preset of xz (-9 takes 65 MiB) and no more than a machine can spare.
constexpr std::uint64_t kXzMemoryLimit = std::uint64_t{1} << 30;

[[noreturn]] void reject(const std::string& name, std::string_view format, std::string_view reason) {
  throw InputError(fmt::format("'{}' is damaged: {} ({})", name, reason, format),
                   "copy or download the file again");
}

// The libraries' input pointers are not const, or of another type; neither writes through them.
template <typename Byte>
Byte* as_bytes_of(const char* text) {
  return reinterpret_cast<Byte*>(const_cast<char*>(text));
}

class GzipDecoder : public Decoder {
 public:
  explicit GzipDecoder(const std::string& name) : name_(name) {
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw std::bad_alloc();  // + 16: gzip's framing
  }
  ~GzipDecoder() override { inflateEnd(&stream_); }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  Step step(std::span<const char> input, std::span<char> output, bool /*last*/) override {
    if (member_ended_) {
      if (input.empty()) return {};
      // Zeros may follow the last member (tapes, block devices); anything else is a next member.
      if (input.front() == '\0') {
        const auto data = std::find_if(input.begin(), input.end(), [](char byte) { return byte != '\0'; });
        if (data != input.end()) reject(name_, "gzip", "its compressed data is followed by something else");
        return {input.size(), 0};
      }
      inflateReset(&stream_);
      member_ended_ = false;
    }
    stream_.next_in = as_bytes_of<Bytef>(input.data());
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = as_bytes_of<Bytef>(output.data());
    stream_.avail_out = static_cast<uInt>(output.size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status == Z_STREAM_END) {
      member_ended_ = true;
    } else if (status == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      reject(name_, "gzip", stream_.msg != nullptr ? stream_.msg : "its compressed data is not valid");
    }
    return {input.size() - stream_.avail_in, output.size() - stream_.avail_out};
  }
  bool complete() const override { return member_ended_; }

 private:
  std::string name_;
  z_stream stream_{};
  bool member_ended_ = false;
};

class XzDecoder : public Decoder {
 public:
  explicit XzDecoder(const std::string& name) : name_(name) {
    if (lzma_stream_decoder(&stream_, kXzMemoryLimit, LZMA_CONCATENATED) != LZMA_OK) throw std::bad_alloc();
  }
  ~XzDecoder() override { lzma_end(&stream_); }
  XzDecoder(const XzDecoder&) = delete;
  XzDecoder& operator=(const XzDecoder&) = delete;

  Step step(std::span<const char> input, std::span<char> output, bool last) override {
    if (ended_) return {};
    stream_.next_in = as_bytes_of<const std::uint8_t>(input.data());
    stream_.avail_in = input.size();
    stream_.next_out = as_bytes_of<std::uint8_t>(output.data());
    stream_.avail_out = output.size();
    check(lzma_code(&stream_, last ? LZMA_FINISH : LZMA_RUN));
    return {input.size() - stream_.avail_in, output.size() - stream_.avail_out};
  }
  bool complete() const override { return ended_; }

 private:
  void check(lzma_ret status) {
    switch (status) {
      case LZMA_OK:
      case LZMA_BUF_ERROR:  // no progress: all input is used up
        return;
      case LZMA_STREAM_END:
        ended_ = true;
        return;
      case LZMA_MEM_ERROR:
        throw std::bad_alloc();
      case LZMA_MEMLIMIT_ERROR:
        throw InputError(
            fmt::format("'{}' needs more than {} MiB of memory to decompress", name_, kXzMemoryLimit >> 20),
            "compress it again with a preset of xz, such as -6");
      case LZMA_OPTIONS_ERROR:
        throw InputError(fmt::format("'{}' uses an option of xz that is not supported", name_),
                         "compress it again with a preset of xz, such as -6");
      default:
        reject(name_, "xz", "its compressed data is not valid");
    }
  }

  std::string name_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_gzip_decoder(const std::string& name) {
  return std::make_unique<GzipDecoder>(name);
}

std::unique_ptr<Decoder> make_xz_decoder(const std::string& name) {
  return std::make_unique<XzDecoder>(name);
}

}  // namespace quire
