#include "table/window.h"

#include <cstring>
#include <span>

namespace quire {
namespace {

constexpr std::size_t kInitialSize = std::size_t{1} << 20;

}  // namespace

Window::Window(ByteSource& source) : source_(&source), storage_(kInitialSize) {}

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
  if (storage_.size() - end_ < storage_.size() / 2 && begin_ > 0) {
    std::memmove(storage_.data(), storage_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (storage_.size() - end_ < storage_.size() / 2) storage_.resize(2 * storage_.size());
  const std::size_t count = source_->read(std::span(storage_).subspan(end_));
  end_ += count;
  return count > 0;
}

}  // namespace quire
