#include "text/added_tokens.h"

#include <algorithm>

#include "quire/base/utf8.h"
#include "quire/text/unicode.h"

namespace quire::text {
namespace {

bool has_property_before(std::string_view text, std::size_t position, std::uint16_t property) {
  std::size_t start = previous_character(text, position);
  return has_property(decode_utf8(text, start), property);
}

bool has_property_at(std::string_view text, std::size_t position, std::uint16_t property) {
  return has_property(decode_utf8(text, position), property);
}

}  // namespace

TokenFinder::TokenFinder(std::vector<Pattern> patterns) : patterns_(std::move(patterns)) {
  std::vector<Trie::Entry> entries;
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    entries.emplace_back(patterns_[i].text, static_cast<std::int32_t>(i));
    first_bytes_[static_cast<unsigned char>(patterns_[i].text.front())] = true;
  }
  trie_ = Trie(std::move(entries));
  if (std::ranges::count(first_bytes_, true) == 1) only_first_byte_ = patterns_.front().text.front();
}

std::size_t TokenFinder::find_first_byte(std::string_view text, std::size_t position) const {
  if (only_first_byte_) return std::min(text.find(*only_first_byte_, position), text.size());
  while (position < text.size() && !first_bytes_[static_cast<unsigned char>(text[position])]) ++position;
  return position;
}

std::optional<TokenFinder::Found> TokenFinder::find(std::string_view text, std::size_t position) const {
  if (empty()) return {};
  for (;; ++position) {
    position = find_first_byte(text, position);
    if (position >= text.size()) return {};
    const Trie::Match match = trie_.longest_match(Trie::kRoot, text.substr(position));
    if (match.length > 0) {
      const Pattern& pattern = patterns_[static_cast<std::size_t>(match.value)];
      return Found{position, position + match.length, &pattern.token};
    }
  }
}

bool TokenFinder::stands_alone(std::string_view text, const Found& found) {
  return (found.begin == 0 || !has_property_before(text, found.begin, kWord)) &&
         (found.end == text.size() || !has_property_at(text, found.end, kWord));
}

std::pair<std::size_t, std::size_t> TokenFinder::widened(std::string_view text, const Found& found,
                                                         std::size_t done) {
  std::size_t begin = found.begin;
  std::size_t end = found.end;
  if (found.token->lstrip) {
    while (begin > 0 && has_property_before(text, begin, kWhite)) begin = previous_character(text, begin);
    begin = std::max(begin, done);
  }
  if (found.token->rstrip) {
    std::size_t next = end;
    while (next < text.size() && has_property(decode_utf8(text, next), kWhite)) end = next;
  }
  return {begin, end};
}

}  // namespace quire::text
