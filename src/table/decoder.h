// Decompression of a stream, piece by piece: gzip and xz.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace quire {

class Decoder {
 public:
  struct Step {
    std::size_t consumed = 0;  // of the input
    std::size_t produced = 0;  // of the output
  };

  virtual ~Decoder() = default;
  // Works on as much of `input` as fits `output`. `last`: no input follows. Throws InputError for
  // damaged data.
  [[nodiscard]] virtual Step step(std::span<const char> input, std::span<char> output, bool last) = 0;
  // Whether the compressed data may end here. Asked once all input is consumed.
  [[nodiscard]] virtual bool complete() const = 0;
};

// `name` is the file's, for messages. Both read several members (streams) one after the other
// as one.
[[nodiscard]] std::unique_ptr<Decoder> make_gzip_decoder(const std::string& name);
[[nodiscard]] std::unique_ptr<Decoder> make_xz_decoder(const std::string& name);

}  // namespace quire
