#include "quire/base/utf8.h"

#include <fmt/format.h>

namespace quire {
namespace {

constexpr char32_t kMalformed = 0xFFFFFFFF;

bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// Decodes one code point, or returns kMalformed after moving past a maximal ill-formed part.
char32_t decode_strict(std::string_view text, std::size_t& position) {
  const auto byte_at = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char lead = byte_at(position++);
  if (lead < 0x80) return lead;
  // The first continuation byte has a narrower range after some lead bytes: no overlong forms,
  // no surrogates, nothing above U+10FFFF.
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  int more = 0;
  char32_t value = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    more = 1;
    value = lead & 0x1F;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    more = 2;
    value = lead & 0x0F;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    more = 3;
    value = lead & 0x07;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return kMalformed;
  }
  for (; more > 0; --more) {
    if (position >= text.size()) return kMalformed;
    const unsigned char next = byte_at(position);
    if (next < low || next > high || !is_continuation(next)) return kMalformed;
    low = 0x80;
    high = 0xBF;
    value = (value << 6) | (next & 0x3F);
    ++position;
  }
  return value;
}

bool is_white_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

}  // namespace

char32_t decode_utf8(std::string_view text, std::size_t& position) {
  const char32_t value = decode_strict(text, position);
  return value == kMalformed ? kReplacementCharacter : value;
}

void append_utf8(std::string& text, char32_t c) {
  const auto push = [&](char32_t byte) {
    text.push_back(static_cast<char>(static_cast<unsigned char>(byte)));
  };
  if (c < 0x80) {
    push(c);
  } else if (c < 0x800) {
    push(0xC0 | (c >> 6));
    push(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    push(0xE0 | (c >> 12));
    push(0x80 | ((c >> 6) & 0x3F));
    push(0x80 | (c & 0x3F));
  } else {
    push(0xF0 | (c >> 18));
    push(0x80 | ((c >> 12) & 0x3F));
    push(0x80 | ((c >> 6) & 0x3F));
    push(0x80 | (c & 0x3F));
  }
}

std::size_t repair_utf8(std::string& text) {
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t start = position;
    if (decode_strict(text, position) == kMalformed) {
      position = start;
      break;
    }
  }
  if (position == text.size()) return 0;
  std::string repaired(text, 0, position);
  std::size_t replaced = 0;
  while (position < text.size()) {
    const char32_t value = decode_strict(text, position);
    if (value == kMalformed) ++replaced;
    append_utf8(repaired, value == kMalformed ? kReplacementCharacter : value);
  }
  text = std::move(repaired);
  return replaced;
}

std::string escape_malformed_utf8(std::string_view text) {
  std::string escaped;
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t start = position;
    if (decode_strict(text, position) != kMalformed) {
      escaped.append(text.substr(start, position - start));
      continue;
    }
    for (std::size_t i = start; i < position; ++i)
      escaped += fmt::format("\\x{:02X}", static_cast<unsigned char>(text[i]));
  }
  return escaped;
}

std::string_view trim(std::string_view text) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t next = begin;
    if (!is_white_space(decode_utf8(text, next))) break;
    begin = next;
  }
  std::size_t end = text.size();
  while (end > begin) {
    std::size_t start = end - 1;
    while (start > begin && is_continuation(static_cast<unsigned char>(text[start]))) --start;
    std::size_t next = start;
    if (!is_white_space(decode_utf8(text, next)) || next != end) break;
    end = start;
  }
  return text.substr(begin, end - begin);
}

}  // namespace quire
