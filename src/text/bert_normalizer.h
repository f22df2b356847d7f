// BertNormalizer and BertPreTokenizer of the reference: raw text to words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "quire/base/utf8.h"
#include "quire/text/unicode.h"

namespace quire::text {

struct BertNormalizer {
  bool clean_text = true;
  bool handle_chinese_chars = true;
  std::optional<bool> strip_accents;  // not given: as lowercase
  bool lowercase = true;

  // Appends the normal form of well-formed `text`. The form of a text is the concatenation of
  // its parts' forms wherever a part begins with an ASCII character, because those are starters:
  // marks are never moved across one.
  void append_normalized(std::string_view text, std::string& normalized) const;
};

// Calls on_word(string_view) for each word of well-formed, normalised `text`: white space
// separates words, and each punctuation character is one.
template <typename OnWord>
void for_each_bert_word(std::string_view text, OnWord on_word) {
  std::size_t start = 0;
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t here = position;
    const std::uint16_t bits = unicode_record(decode_utf8(text, position)).bits;
    if ((bits & (kWhite | kPunctuation)) == 0) continue;
    if (here > start) on_word(text.substr(start, here - start));
    if ((bits & kPunctuation) != 0) on_word(text.substr(here, position - here));
    start = position;
  }
  if (position > start) on_word(text.substr(start));
}

}  // namespace quire::text
