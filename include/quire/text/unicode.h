// What the reference tokenizers think of a code point, from tables taken out of the pinned
// `tokenizers` package (scripts/make-unicode-tables). They agree with no release of Unicode.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace quire::text {

// Bits of UnicodeRecord::bits, in the order of FLAGS in scripts/make-unicode-tables.
enum UnicodeProperty : std::uint16_t {
  kRemoved = 1 << 0,      // deleted by BertNormalizer's clean_text
  kSpace = 1 << 1,        // made ' ' by BertNormalizer's clean_text
  kChinese = 1 << 2,      // set apart by BertNormalizer's handle_chinese_chars
  kMark = 1 << 3,         // deleted by BertNormalizer's strip_accents, after decomposition
  kWhite = 1 << 4,        // white space: splits words, \s in all regular expressions
  kPunctuation = 1 << 5,  // a word of its own to BertPreTokenizer
  kDecomposes = 1 << 6,   // canonical decomposition is not itself
  kLowers = 1 << 7,       // lower case is not itself
  kLetter = 1 << 8,       // \p{L} of the byte-level regular expression
  kNumber = 1 << 9,       // \p{N} of the same
  kWord = 1 << 10,        // \w of the regular expression behind an added token's single_word
};

struct UnicodeRecord {
  std::uint16_t bits;
  // Rank of the canonical combining class among all classes; 0 is a starter.
  std::uint8_t combining;
};

// `code_point` is at most U+10FFFF.
[[nodiscard]] const UnicodeRecord& unicode_record(char32_t code_point) noexcept;

[[nodiscard]] inline bool has_property(char32_t code_point, std::uint16_t properties) noexcept {
  return (unicode_record(code_point).bits & properties) != 0;
}

// One code point's lower case, or full canonical decomposition: one to four code points.
class CodePoints {
 public:
  CodePoints() = default;
  explicit CodePoints(std::span<const char32_t> points);
  void push_back(char32_t point) { points_[size_++] = point; }
  [[nodiscard]] const char32_t* begin() const noexcept { return points_; }
  [[nodiscard]] const char32_t* end() const noexcept { return points_ + size_; }

 private:
  char32_t points_[4] = {};
  unsigned size_ = 0;
};

// Without regard to context: a final sigma is a sigma.
[[nodiscard]] CodePoints lower_case(char32_t code_point);
[[nodiscard]] CodePoints canonical_decomposition(char32_t code_point);

// `text` with ill-formed UTF-8 replaced, copied to `repaired` only if there is any.
[[nodiscard]] std::string_view well_formed(std::string_view text, std::string& repaired);

// Byte position of the character before `position` in well-formed `text`; position > 0.
[[nodiscard]] std::size_t previous_character(std::string_view text, std::size_t position) noexcept;

}  // namespace quire::text
