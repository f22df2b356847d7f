#include "progress_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "quire/base/utf8.h"

namespace quire::app {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::string_view kCut = "...";

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }

// Of Unicode's East_Asian_Width and combining marks, what names of files and columns are likely to hold.
std::size_t width_of(char32_t c) {
  const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  if (within(0x300, 0x36F) || within(0x200B, 0x200F) || within(0xFE00, 0xFE0F)) return 0;
  const bool wide = within(0x1100, 0x115F) || within(0x2E80, 0xA4CF) || within(0xAC00, 0xD7A3) ||
                    within(0xF900, 0xFAFF) || within(0xFE30, 0xFE6F) || within(0xFF00, 0xFF60) ||
                    within(0xFFE0, 0xFFE6) || within(0x1F300, 0x1FAFF) || within(0x20000, 0x3FFFD);
  return wide ? 2 : 1;
}

std::string printable(std::string_view text) {
  std::string clean;
  for (std::size_t position = 0; position < text.size();) {
    const char32_t c = decode_utf8(text, position);
    append_utf8(clean, is_control(c) ? U'?' : c);
  }
  return clean;
}

// The longest beginning of at most `width` columns.
std::string_view beginning(std::string_view text, std::size_t width) {
  std::size_t end = 0;
  for (std::size_t position = 0; position < text.size(); end = position) {
    const std::size_t columns = width_of(decode_utf8(text, position));
    if (columns > width) break;
    width -= columns;
  }
  return text.substr(0, end);
}

// The longest end of at most `width` columns.
std::string_view ending(std::string_view text, std::size_t width) {
  std::size_t columns = columns_of(text);
  std::size_t begin = 0;
  while (columns > width) columns -= width_of(decode_utf8(text, begin));
  return text.substr(begin);
}

// A text of at most `width` columns, its middle cut out if need be.
std::string shortened(const std::string& text, std::size_t width) {
  if (columns_of(text) <= width) return text;
  if (width <= kCut.size()) return std::string(beginning(text, width));
  const std::size_t kept = width - kCut.size();
  return fmt::format("{}{}{}", beginning(text, (kept + 1) / 2), kCut, ending(text, kept / 2));
}

std::string duration(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  if (whole >= 3600) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
  if (whole >= 60) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}s", whole);
}

// " 42%": 100 % only at the end.
std::string percentage(const Progress& progress) {
  if (progress.total <= 0) return {};
  const double share = static_cast<double>(progress.done) / static_cast<double>(progress.total);
  return fmt::format(" {:3.0f}%", std::floor(100 * std::clamp(share, 0.0, 1.0)));
}

std::string time_left(const Progress& progress) {
  const bool is_over = progress.total > 0 && progress.done >= progress.total && progress.seconds_left < 1;
  if (!(progress.seconds_left >= 0) || std::isinf(progress.seconds_left) || is_over) return {};
  return fmt::format("{}{} left", kGap, duration(progress.seconds_left));
}

// As many of the details, which are two spaces apart, as fit.
std::string details(std::string_view detail, std::size_t width) {
  std::string text;
  while (!detail.empty()) {
    const std::size_t end = std::min(detail.find(kGap), detail.size());
    const std::string next = fmt::format("{}{}{}", text, kGap, printable(detail.substr(0, end)));
    if (columns_of(next) > width) break;
    text = next;
    detail.remove_prefix(std::min(end + kGap.size(), detail.size()));
  }
  return text;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t position = 0; position < text.size();) columns += width_of(decode_utf8(text, position));
  return columns;
}

std::string progress_line(const Progress& progress, std::size_t width) {
  const std::string percent = percentage(progress);
  const std::string left = time_left(progress);
  const std::size_t fixed = percent.size() + left.size();
  const std::string stage = shortened(printable(progress.stage), width > fixed ? width - fixed : 0);
  const std::size_t used = columns_of(stage) + fixed;
  const std::string line = stage + percent + details(progress.detail, width > used ? width - used : 0) + left;
  return std::string(beginning(line, width));
}

}  // namespace quire::app
