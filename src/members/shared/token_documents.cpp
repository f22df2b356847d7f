#include "members/shared/token_documents.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

#include "quire/base/threads.h"

namespace quire {

void TokenDocuments::append(std::span<const Document> documents, const Context& context) {
  if (refusal_ && std::ranges::any_of(documents, [](const Document& one) { return one.pair.has_value(); }))
    throw InputError(*refusal_);
  std::vector<std::vector<Encoding>> encodings(documents.size());
  parallel_for(static_cast<std::int64_t>(documents.size()), 16, context.threads,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   const Document& document = documents[static_cast<std::size_t>(i)];
                   std::optional<std::string_view> pair;
                   if (document.pair) pair = *document.pair;
                   encodings[static_cast<std::size_t>(i)] =
                       encode_document(*tokenizer_, document.text, pair, long_text_);
                 }
               });
  std::vector<TokenCorpus::Window> windows;
  for (const std::vector<Encoding>& document : encodings) {
    windows.clear();
    for (const Encoding& window : document) windows.push_back({window.ids, window.segments});
    tokens_.add(windows, document.back().truncated);
  }
}

std::string TokenDocuments::summary() const {
  const auto count = static_cast<double>(std::max<std::int64_t>(1, tokens_.size()));
  std::string windows;
  if (tokens_.windows() > tokens_.size()) windows = fmt::format(" in {} windows", tokens_.windows());
  const std::size_t limit = long_text_.strategy == LongText::Strategy::windows
                                ? long_text_.max_length * long_text_.max_windows
                                : long_text_.max_length;
  return fmt::format("{} tokens{}, {:.0f} a document; {} documents ({:.1f} %) cut at {} tokens",
                     tokens_.tokens(), windows, static_cast<double>(tokens_.tokens()) / count,
                     tokens_.truncated(), 100.0 * static_cast<double>(tokens_.truncated()) / count, limit);
}

std::uint64_t TokenDocuments::fingerprint(std::int64_t row) const {
  const auto ids = tokens_.ids(row);
  return XXH3_64bits(ids.data(), ids.size_bytes());
}

}  // namespace quire
