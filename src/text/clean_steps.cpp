#include "text/clean_steps.h"

#include <algorithm>
#include <array>

#include "quire/base/utf8.h"
#include "quire/text/unicode.h"

namespace quire::text {
namespace {

constexpr std::array<std::string_view, 4> kUrlStarts = {"http://", "https://", "ftp://", "www."};

char lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte; }

bool is_alphanumeric(char byte) {
  const char small = lower(byte);
  return (small >= 'a' && small <= 'z') || (byte >= '0' && byte <= '9');
}

// A start alone, with no name of a machine behind it, is text.
bool starts_url(std::string_view text) {
  return std::ranges::any_of(kUrlStarts, [&](std::string_view start) {
    if (text.size() <= start.size()) return false;
    const char next = text[start.size()];
    return (is_alphanumeric(next) || static_cast<unsigned char>(next) >= 0x80) &&
           std::equal(start.begin(), start.end(), text.begin(), [](char a, char b) { return a == lower(b); });
  });
}

std::size_t url_size(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size()) {
    std::size_t next = size;
    const char32_t point = decode_utf8(text, next);
    if (point == '<' || point == '>' || point == '"' || has_property(point, kWhite)) break;
    size = next;
  }
  constexpr std::string_view kClosing = ".,;:!?)]}'";
  while (size > 0 && kClosing.find(text[size - 1]) != std::string_view::npos) --size;
  return size;
}

// Sorted.
constexpr std::array<std::string_view, 154> kStopWords = {
    "a",         "about",  "above",   "across",  "after",  "again",     "against",    "all",     "also",
    "although",  "am",     "among",   "an",      "and",    "another",   "any",        "are",     "around",
    "as",        "at",     "be",      "because", "been",   "before",    "being",      "below",   "beside",
    "between",   "both",   "but",     "by",      "can",    "cannot",    "could",      "did",     "do",
    "does",      "doing",  "done",    "down",    "during", "each",      "either",     "else",    "every",
    "few",       "for",    "from",    "had",     "has",    "have",      "having",     "he",      "hence",
    "her",       "here",   "hers",    "herself", "him",    "himself",   "his",        "how",     "however",
    "i",         "if",     "in",      "into",    "is",     "it",        "its",        "itself",  "just",
    "may",       "me",     "might",   "mine",    "more",   "most",      "must",       "my",      "myself",
    "neither",   "no",     "nor",     "not",     "of",     "off",       "on",         "onto",    "or",
    "other",     "others", "ought",   "our",     "ours",   "ourselves", "out",        "over",    "own",
    "per",       "same",   "shall",   "she",     "should", "since",     "so",         "some",    "such",
    "than",      "that",   "the",     "their",   "theirs", "them",      "themselves", "then",    "there",
    "therefore", "these",  "they",    "this",    "those",  "though",    "through",    "thus",    "to",
    "too",       "toward", "towards", "under",   "until",  "up",        "upon",       "us",      "very",
    "was",       "we",     "were",    "what",    "when",   "where",     "whether",    "which",   "while",
    "who",       "whom",   "whose",   "why",     "will",   "with",      "within",     "without", "would",
    "yet"};

}  // namespace

std::string without_urls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t position = 0;
  while (position < text.size()) {
    const bool at_start = position == 0 || !is_alphanumeric(text[position - 1]);
    if (at_start && starts_url(text.substr(position))) {
      position += std::max<std::size_t>(url_size(text.substr(position)), 1);
      out.push_back(' ');
      continue;
    }
    out.push_back(text[position++]);
  }
  return out;
}

std::string collapse_white_space(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool pending = false;
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t start = position;
    if (has_property(decode_utf8(text, position), kWhite)) {
      pending = !out.empty();
      continue;
    }
    if (pending) out.push_back(' ');
    pending = false;
    out.append(text.substr(start, position - start));
  }
  return out;
}

bool is_stop_word(std::string_view word) { return std::ranges::binary_search(kStopWords, word); }

}  // namespace quire::text
