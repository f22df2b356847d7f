// A moving view of a stream of bytes: as much of it as the row being read needs.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "table/byte_source.h"

namespace quire {

class Window {
 public:
  static constexpr std::size_t kTooLong = static_cast<std::size_t>(-1);

  explicit Window(ByteSource& source);

  // The first byte not yet consumed and those after it that are in memory. Valid until the next
  // call of find_newline().
  [[nodiscard]] std::string_view view() const { return {storage_.get() + begin_, end_ - begin_}; }

  // Index in view() of the first line feed at or after `from`, reading on as needed; view().size()
  // where the stream ends without one; kTooLong when there is none within `limit` bytes.
  [[nodiscard]] std::size_t find_newline(std::size_t from, std::size_t limit);

  void consume(std::size_t count) { begin_ += count; }

 private:
  bool read_more();
  void resize(std::size_t size);

  ByteSource* source_;
  std::unique_ptr<char[]>
      storage_;  // not a vector, which would fill it with zeros: what is not read costs nothing
  std::size_t size_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace quire
