#include "members/linear/linear_documents.h"

#include <fmt/format.h>

#include "quire/base/error.h"

namespace quire {

void LinearDocuments::append(std::span<const Document> documents, const Context& context) {
  if (terms_) terms_->append(documents, context);
  if (vectors_) vectors_->append(documents, context);
}

void LinearDocuments::clear() {
  if (terms_) terms_->clear();
  if (vectors_) vectors_->clear();
}

std::string LinearDocuments::summary() const {
  if (!vectors_) return terms_->summary();
  if (!terms_) return vectors_->summary();
  return fmt::format("{}; {}", terms_->summary(), vectors_->summary());
}

// Documents whose words are the same in another order differ for an encoder.
std::uint64_t LinearDocuments::fingerprint(std::int64_t row) const {
  return vectors_ ? vectors_->fingerprint(row) : terms_->fingerprint(row);
}

LinearFeatures LinearFeatures::fit(const LinearDocuments& documents, std::span<const std::int64_t> rows,
                                   const TfIdfOptions& options, const Context& context) {
  std::optional<TermFeatures> terms;
  if (documents.terms() != nullptr) terms = TermFeatures::fit(*documents.terms(), rows, options, context);
  const VectorDocuments* const vectors = documents.vectors();
  return {std::move(terms), vectors == nullptr ? 0 : vectors->encoder().open(context).width()};
}

FeatureMatrix LinearFeatures::transform(const LinearDocuments& documents, std::span<const std::int64_t> rows,
                                        const Context& context) const {
  if ((documents.terms() != nullptr) != terms_.has_value() ||
      (documents.vectors() != nullptr) != (width_ > 0)) {
    throw Error("the documents were not read as the model reads them");
  }
  if (!terms_) return documents.vectors()->vectors(rows, context);
  SparseMatrix terms = terms_->transform(*documents.terms(), rows, context);
  if (width_ == 0) return terms;
  const SparseMatrix parts[] = {std::move(terms), to_sparse(documents.vectors()->vectors(rows, context))};
  return join_columns(parts);
}

}  // namespace quire
