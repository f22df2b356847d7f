#include "terms/term_cutter.h"

#include <algorithm>

#include "quire/base/utf8.h"
#include "quire/text/lower_case.h"
#include "quire/text/unicode.h"

namespace quire::terms {
namespace {

bool is_word_character(char32_t point) {
  return point == '_' || text::has_property(point, text::kLetter | text::kNumber);
}

// Python's \s has four separators of ASCII that Unicode's White_Space lacks.
bool is_space(char32_t point) {
  return text::has_property(point, text::kWhite) || (point >= 0x1C && point <= 0x1F);
}

}  // namespace

const std::vector<TermCutter::Occurrence>& TermCutter::cut(std::string_view text) {
  occurrences_.clear();
  bytes_.clear();
  text = text::well_formed(text, repaired_);
  if (options_.lowercase) {
    lowered_.clear();
    text::append_lower_case(text, lowered_);
    text = lowered_;
  }
  switch (options_.analyzer) {
    case Analyzer::word:
      cut_words(text);
      break;
    case Analyzer::character:
      cut_characters(text);
      break;
    case Analyzer::character_within_words:
      cut_characters_within_words(text);
      break;
  }
  return occurrences_;
}

void TermCutter::add(std::size_t begin, std::size_t size) {
  const std::string_view term = std::string_view(bytes_).substr(begin, size);
  occurrences_.push_back(
      {TermTable::hash(term), static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(size)});
}

// Words stand in bytes_ with a space after each, so that an n-gram is a piece of it.
void TermCutter::cut_words(std::string_view text) {
  places_.clear();
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t start = position;
    std::size_t end = position;
    std::size_t characters = 0;
    while (position < text.size() && is_word_character(decode_utf8(text, position))) {
      end = position;
      ++characters;
    }
    if (characters < 2) continue;
    places_.push_back(static_cast<std::uint32_t>(bytes_.size()));
    bytes_.append(text.substr(start, end - start)).push_back(' ');
  }
  places_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  const auto words = static_cast<std::int64_t>(places_.size()) - 1;
  for (std::int64_t n = options_.min_n; n <= std::min(options_.max_n, words); ++n) {
    for (std::int64_t i = 0; i + n <= words; ++i) {
      const std::size_t begin = places_[static_cast<std::size_t>(i)];
      add(begin, places_[static_cast<std::size_t>(i + n)] - 1 - begin);
    }
  }
}

// Runs of two or more white-space characters become one space; a lone one stays what it is.
void TermCutter::cut_characters(std::string_view text) {
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t start = position;
    std::size_t end = position;
    std::size_t spaces = 0;
    while (position < text.size() && is_space(decode_utf8(text, position))) {
      end = position;
      ++spaces;
    }
    if (spaces >= 2) {
      bytes_.push_back(' ');
    } else if (spaces == 1) {
      bytes_.append(text.substr(start, end - start));
    }
    const std::size_t begin = spaces == 0 ? start : end;
    if (spaces > 0 && end == position) break;  // the text ends in white space
    bytes_.append(text.substr(begin, position - begin));
  }
  add_characters(0, bytes_.size(), false);
}

void TermCutter::cut_characters_within_words(std::string_view text) {
  std::size_t position = 0;
  while (position < text.size()) {
    std::size_t start = position;
    if (is_space(decode_utf8(text, position))) continue;
    std::size_t end = position;
    while (position < text.size() && !is_space(decode_utf8(text, position))) end = position;
    const std::size_t begin = bytes_.size();
    bytes_.push_back(' ');
    bytes_.append(text.substr(start, end - start)).push_back(' ');
    add_characters(begin, bytes_.size(), true);
  }
}

// The n-grams of bytes_[begin .. end). Within words, one that is shorter than n is a term itself, once.
void TermCutter::add_characters(std::size_t begin, std::size_t end, bool short_ones_once) {
  places_.clear();
  for (std::size_t position = begin; position < end;) {
    places_.push_back(static_cast<std::uint32_t>(position));
    (void)decode_utf8(bytes_, position);
  }
  places_.push_back(static_cast<std::uint32_t>(end));
  const auto characters = static_cast<std::int64_t>(places_.size()) - 1;
  for (std::int64_t n = options_.min_n; n <= options_.max_n; ++n) {
    if (n > characters && !short_ones_once) break;
    const std::int64_t last = std::max<std::int64_t>(characters - n, 0);
    for (std::int64_t i = 0; i <= last; ++i) {
      const std::size_t first = places_[static_cast<std::size_t>(i)];
      add(first, places_[static_cast<std::size_t>(std::min(i + n, characters))] - first);
    }
    if (short_ones_once && last == 0) break;
  }
}

}  // namespace quire::terms
