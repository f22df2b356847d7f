#include "quire/text/lower_case.h"

#include <algorithm>
#include <iterator>

#include "quire/base/utf8.h"
#include "quire/text/unicode.h"

namespace quire::text {
namespace {

struct CodePointRange {
  char32_t first, last;
};

#include "text/case_tables.inc"

constexpr char32_t kCapitalSigma = 0x3A3;
constexpr char32_t kFinalSigma = 0x3C2;

template <std::size_t N>
bool contains(const CodePointRange (&ranges)[N], char32_t code_point) {
  const auto* const next =
      std::upper_bound(std::begin(ranges), std::end(ranges), code_point,
                       [](char32_t point, const CodePointRange& range) { return point < range.first; });
  return next != std::begin(ranges) && code_point <= std::prev(next)->last;
}

bool cased_before(std::string_view text, std::size_t position) {
  while (position > 0) {
    position = previous_character(text, position);
    std::size_t place = position;
    const char32_t point = decode_utf8(text, place);
    if (!contains(kCaseIgnorable, point)) return contains(kCased, point);
  }
  return false;
}

bool cased_after(std::string_view text, std::size_t position) {
  while (position < text.size()) {
    const char32_t point = decode_utf8(text, position);
    if (!contains(kCaseIgnorable, point)) return contains(kCased, point);
  }
  return false;
}

}  // namespace

void append_lower_case(std::string_view text, std::string& out) {
  std::size_t position = 0;
  while (position < text.size()) {
    const char byte = text[position];
    if (static_cast<unsigned char>(byte) < 0x80) {
      out.push_back(byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte);
      ++position;
      continue;
    }
    const std::size_t start = position;
    const char32_t point = decode_utf8(text, position);
    if (point == kCapitalSigma && cased_before(text, start) && !cased_after(text, position)) {
      append_utf8(out, kFinalSigma);
      continue;
    }
    for (const char32_t lower : lower_case(point)) append_utf8(out, lower);
  }
}

}  // namespace quire::text
