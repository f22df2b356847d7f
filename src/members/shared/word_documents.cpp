#include "members/shared/word_documents.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

#include "quire/base/threads.h"
#include "quire/base/utf8.h"
#include "quire/text/unicode.h"

namespace quire {
namespace {

// Adds `text` to `out`, its punctuation dropped or set apart.
void add_without_punctuation(std::string_view text, bool drop, std::string& out) {
  for (std::size_t position = 0; position < text.size();) {
    const char32_t point = decode_utf8(text, position);
    if (text::has_property(point, text::kWord)) {
      append_utf8(out, point);
    } else {
      out += ' ';
      if (drop || text::has_property(point, text::kWhite)) continue;
      append_utf8(out, point);
      out += ' ';
    }
  }
}

// fastText's reader gives these a meaning of their own; a '_' before them takes it away.
bool is_reserved(std::string_view word) { return word.starts_with("__label__") || word == "</s>"; }

// fastText ends words at these, whatever the clean step thinks of them.
bool is_separator(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }

// Words apart by single spaces, with reserved words made plain ones.
std::string join_words(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    while (end < text.size() && !is_separator(text[end])) ++end;
    if (end > begin) {
      const std::string_view word = text.substr(begin, end - begin);
      if (!out.empty()) out += ' ';
      if (is_reserved(word)) out += '_';
      out += word;
    }
    begin = end + 1;
  }
  return out;
}

}  // namespace

std::string WordDocuments::words(const Document& document) const {
  std::string text = document.text;
  if (document.pair) text += " " + *document.pair;
  text = cleaner_->clean(text);
  if (punctuation_ == Punctuation::keep) return join_words(text);
  std::string split;
  split.reserve(text.size() + text.size() / 8);
  add_without_punctuation(text, punctuation_ == Punctuation::drop, split);
  return join_words(split);
}

void WordDocuments::append(std::span<const Document> documents, const Context& context) {
  std::vector<std::string> texts(documents.size());
  parallel_for(static_cast<std::int64_t>(documents.size()), 16, context.threads,
               [&](std::int64_t begin, std::int64_t end) {
                 for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
                   texts[i] = words(documents[i]);
               });
  for (const std::string& text : texts) {
    texts_ += text;
    ends_.push_back(texts_.size());
    if (!text.empty()) words_ += 1 + std::count(text.begin(), text.end(), ' ');
  }
}

void WordDocuments::clear() {
  texts_.clear();
  ends_.assign(1, 0);
  words_ = 0;
}

std::string WordDocuments::summary() const {
  const auto count = static_cast<double>(std::max<std::int64_t>(1, size()));
  return fmt::format("{} words, {:.0f} a document", words_, static_cast<double>(words_) / count);
}

std::uint64_t WordDocuments::fingerprint(std::int64_t row) const {
  const std::string_view words = text(row);
  return XXH3_64bits(words.data(), words.size());
}

std::string_view WordDocuments::text(std::int64_t row) const {
  const std::size_t begin = ends_[static_cast<std::size_t>(row)];
  return std::string_view(texts_).substr(begin, ends_[static_cast<std::size_t>(row) + 1] - begin);
}

}  // namespace quire
