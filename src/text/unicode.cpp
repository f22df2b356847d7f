#include "quire/text/unicode.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "quire/base/utf8.h"

namespace quire::text {

namespace {

#include "text/unicode_tables.inc"

constexpr char32_t kHangulFirst = 0xAC00;
constexpr char32_t kHangulLast = 0xD7A3;

// The values of `code_point` in a sorted map, or an empty span.
template <std::size_t N, std::size_t M, std::size_t K>
std::span<const char32_t> mapped(const std::array<char32_t, N>& keys,
                                 const std::array<std::uint16_t, M>& starts,
                                 const std::array<char32_t, K>& values, char32_t code_point) {
  const auto found = std::ranges::lower_bound(keys, code_point);
  if (found == keys.end() || *found != code_point) return {};
  const auto index = static_cast<std::size_t>(found - keys.begin());
  return std::span(values).subspan(starts[index],
                                   static_cast<std::size_t>(starts[index + 1] - starts[index]));
}

// The Unicode Standard, section 3.12: syllables are laid out by leading consonant, vowel, trailing consonant.
CodePoints hangul_decomposition(char32_t code_point) {
  const char32_t index = code_point - kHangulFirst;
  CodePoints jamo;
  jamo.push_back(0x1100 + index / 588);
  jamo.push_back(0x1161 + index % 588 / 28);
  if (index % 28 != 0) jamo.push_back(0x11A7 + index % 28);
  return jamo;
}

// Position of the first byte of `text` at or after `position` that is not ASCII.
std::size_t skip_ascii(std::string_view text, std::size_t position) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  for (std::uint64_t word = 0; position + 8 <= text.size(); position += 8) {
    std::memcpy(&word, text.data() + position, 8);
    if ((word & kHighBits) != 0) break;
  }
  while (position < text.size() && static_cast<unsigned char>(text[position]) < 0x80) ++position;
  return position;
}

bool is_well_formed(std::string_view text) {
  std::size_t position = skip_ascii(text, 0);
  while (position < text.size()) {
    const std::size_t start = position;
    if (decode_utf8(text, position) == kReplacementCharacter &&
        text.substr(start, position - start) != "\xEF\xBF\xBD") {
      return false;
    }
    position = skip_ascii(text, position);
  }
  return true;
}

}  // namespace

CodePoints::CodePoints(std::span<const char32_t> points) {
  for (const char32_t point : points) push_back(point);
}

const UnicodeRecord& unicode_record(char32_t code_point) noexcept {
  const std::uint32_t block = kBlockOf[code_point / kBlockSize];
  return kRecords[kBlocks[block * kBlockSize + code_point % kBlockSize]];
}

CodePoints lower_case(char32_t code_point) {
  if (!has_property(code_point, kLowers)) return CodePoints({&code_point, 1});
  return CodePoints(mapped(kLowerKeys, kLowerStarts, kLowerValues, code_point));
}

CodePoints canonical_decomposition(char32_t code_point) {
  if (!has_property(code_point, kDecomposes)) return CodePoints({&code_point, 1});
  if (code_point >= kHangulFirst && code_point <= kHangulLast) return hangul_decomposition(code_point);
  return CodePoints(mapped(kDecompositionKeys, kDecompositionStarts, kDecompositionValues, code_point));
}

std::string_view well_formed(std::string_view text, std::string& repaired) {
  if (is_well_formed(text)) return text;
  repaired = text;
  repair_utf8(repaired);
  return repaired;
}

std::size_t previous_character(std::string_view text, std::size_t position) noexcept {
  do {
    --position;
  } while (position > 0 && (static_cast<unsigned char>(text[position]) & 0xC0) == 0x80);
  return position;
}

}  // namespace quire::text
