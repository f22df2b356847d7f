#include "members/token_documents.h"

#include <fmt/format.h>
#include <xxhash.h>

#include "quire/base/threads.h"

namespace quire {

void TokenDocuments::append(std::span<const Document> documents, const Context& context) {
  std::vector<Encoding> encodings(documents.size());
  parallel_for(static_cast<std::int64_t>(documents.size()), 16, context.threads,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   const Document& document = documents[static_cast<std::size_t>(i)];
                   std::optional<std::string_view> pair;
                   if (document.pair) pair = *document.pair;
                   encodings[static_cast<std::size_t>(i)] =
                       tokenizer_->encode(document.text, pair, static_cast<std::size_t>(max_length_));
                 }
               });
  for (const Encoding& encoding : encodings) tokens_.add(encoding.ids, encoding.segments, encoding.truncated);
}

std::string TokenDocuments::summary() const {
  const auto count = static_cast<double>(std::max<std::int64_t>(1, tokens_.size()));
  return fmt::format("{} tokens, {:.0f} a document; {} documents ({:.1f} %) cut at {} tokens",
                     tokens_.tokens(), static_cast<double>(tokens_.tokens()) / count, tokens_.truncated(),
                     100.0 * static_cast<double>(tokens_.truncated()) / count, max_length_);
}

std::uint64_t TokenDocuments::fingerprint(std::int64_t row) const {
  const auto ids = tokens_.ids(row);
  return XXH3_64bits(ids.data(), ids.size_bytes());
}

}  // namespace quire
