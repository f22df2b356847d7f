#include "text/byte_level.h"

#include <array>

#include "quire/base/utf8.h"
#include "quire/text/unicode.h"

namespace quire::text {
namespace {

enum class Kind : std::uint8_t { letter, number, white, other, not_ascii };

Kind kind_of(char32_t code_point) noexcept {
  const std::uint16_t bits = unicode_record(code_point).bits;
  if ((bits & kLetter) != 0) return Kind::letter;
  if ((bits & kNumber) != 0) return Kind::number;
  return (bits & kWhite) != 0 ? Kind::white : Kind::other;
}

using KindTable = std::array<Kind, 256>;

const KindTable kKinds = [] {
  KindTable kinds;
  kinds.fill(Kind::not_ascii);
  for (char32_t byte = 0; byte < 0x80; ++byte) kinds[byte] = kind_of(byte);
  return kinds;
}();

// The kind of the character at `position`, which moves past it.
Kind next_kind(std::string_view text, std::size_t& position) noexcept {
  const Kind kind = kKinds[static_cast<unsigned char>(text[position])];
  if (kind == Kind::not_ascii) return kind_of(decode_utf8(text, position));
  ++position;
  return kind;
}

// End of the run of characters of `kind` that begins at `position`.
std::size_t run_end(std::string_view text, std::size_t position, Kind kind) noexcept {
  while (position < text.size()) {
    const std::size_t here = position;
    if (next_kind(text, position) != kind) return here;
  }
  return position;
}

// Length of 's, 't, 're, 've, 'm, 'll or 'd at the beginning of `text`, which is an apostrophe; or 0.
std::size_t contraction_length(std::string_view text) noexcept {
  if (text.size() < 2) return 0;
  switch (text[1]) {
    case 's':
    case 't':
    case 'm':
    case 'd':
      return 2;
    case 'r':
    case 'v':
      return text.size() > 2 && text[2] == 'e' ? 3 : 0;
    case 'l':
      return text.size() > 2 && text[2] == 'l' ? 3 : 0;
    default:
      return 0;
  }
}

// White space in front of a word leaves that word its last character, if it has another.
std::size_t white_end(std::string_view text, std::size_t position) noexcept {
  std::size_t first_end = position;
  next_kind(text, first_end);
  const std::size_t end = run_end(text, position, Kind::white);
  if (end == text.size() || end == first_end) return end;
  return previous_character(text, end);
}

struct ByteCharacters {
  std::array<char, 512> bytes;
  std::array<std::uint8_t, 256> lengths;
};

const ByteCharacters kByteCharacters = [] {
  ByteCharacters characters{};
  char32_t next = 0x100;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    std::string character;
    append_utf8(character, printable ? static_cast<char32_t>(byte) : next++);
    character.copy(&characters.bytes[2 * byte], 2);
    characters.lengths[byte] = static_cast<std::uint8_t>(character.size());
  }
  return characters;
}();

}  // namespace

std::size_t byte_level_word_end(std::string_view text, std::size_t position) noexcept {
  if (text[position] == '\'') {
    const std::size_t length = contraction_length(text.substr(position));
    if (length > 0) return position + length;
  }
  std::size_t next = position;
  const Kind kind = next_kind(text, next);
  if (text[position] == ' ' && next < text.size()) {
    const Kind after = next_kind(text, next);
    return after == Kind::white ? white_end(text, position) : run_end(text, next, after);
  }
  return kind == Kind::white ? white_end(text, position) : run_end(text, next, kind);
}

std::string_view byte_level_character(std::uint8_t byte) noexcept {
  return {&kByteCharacters.bytes[std::size_t{2} * byte], kByteCharacters.lengths[byte]};
}

std::string to_byte_level(std::string_view bytes) {
  std::string written;
  for (const char byte : bytes) written += byte_level_character(static_cast<std::uint8_t>(byte));
  return written;
}

}  // namespace quire::text
