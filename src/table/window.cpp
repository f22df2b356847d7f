#include "table/window.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace quire {
namespace {

constexpr std::size_t kInitialSize = std::size_t{1} << 20;
constexpr std::size_t kStep = std::size_t{1} << 19;  // read at a time

}  // namespace

Window::Window(ByteSource& source)
    : source_(&source), storage_(std::make_unique_for_overwrite<char[]>(kInitialSize)), size_(kInitialSize) {}

std::size_t Window::find_newline(std::size_t from, std::size_t limit) {
  for (;;) {
    const std::string_view text = view();
    const std::size_t found = text.find('\n', from);
    if (found != std::string_view::npos) return found <= limit ? found : kTooLong;
    if (text.size() > limit) return kTooLong;
    from = text.size();
    if (!read_more()) return from;
  }
}

bool Window::read_more() {
  // Room is made when less than half is free, so that moving and growing stay cheap per byte.
  const std::size_t held = end_ - begin_;
  if (held < kInitialSize / 2 && size_ > kInitialSize) {
    resize(kInitialSize);  // a long row is over
  } else if (size_ - end_ < size_ / 2) {
    resize(held > size_ / 2 ? 2 * size_ : size_);
  }
  const std::size_t count = source_->read(std::span(storage_.get() + end_, std::min(kStep, size_ - end_)));
  end_ += count;
  return count > 0;
}

// Moves what is held to the front.
void Window::resize(std::size_t size) {
  const std::size_t held = end_ - begin_;
  if (size == size_) {
    std::memmove(storage_.get(), storage_.get() + begin_, held);
  } else {
    auto larger = std::make_unique_for_overwrite<char[]>(size);
    std::memcpy(larger.get(), storage_.get() + begin_, held);
    storage_ = std::move(larger);
    size_ = size;
  }
  begin_ = 0;
  end_ = held;
}

}  // namespace quire
