// What the linear member reads of documents: TF-IDF, vectors of a frozen encoder, or both side by side.
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "members/linear/vector_documents.h"
#include "members/shared/term_documents.h"
#include "quire/base/matrix.h"
#include "quire/terms/sparse.h"

namespace quire {

class LinearDocuments : public Corpus {
 public:
  // One of the two may be null.
  LinearDocuments(std::unique_ptr<TermDocuments> terms, std::unique_ptr<VectorDocuments> vectors)
      : terms_(std::move(terms)), vectors_(std::move(vectors)) {}

  void append(std::span<const Document> documents, const Context& context) override;
  void clear() override;
  [[nodiscard]] std::int64_t size() const override { return terms_ ? terms_->size() : vectors_->size(); }
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::uint64_t fingerprint(std::int64_t row) const override;

  [[nodiscard]] const TermDocuments* terms() const { return terms_.get(); }
  [[nodiscard]] const VectorDocuments* vectors() const { return vectors_.get(); }

 private:
  std::unique_ptr<TermDocuments> terms_;
  std::unique_ptr<VectorDocuments> vectors_;
};

// [rows, features]: dense when they are vectors alone.
using FeatureMatrix = std::variant<SparseMatrix, Matrix>;

// From documents to the columns of a linear model: those of TF-IDF first, then those of the vectors.
class LinearFeatures {
 public:
  LinearFeatures(std::optional<TermFeatures> terms, std::int64_t width)
      : terms_(std::move(terms)), width_(width) {}

  // Fits TF-IDF to `rows` where the documents have terms; vectors are taken as they are.
  [[nodiscard]] static LinearFeatures fit(const LinearDocuments& documents,
                                          std::span<const std::int64_t> rows, const TfIdfOptions& options,
                                          const Context& context);
  [[nodiscard]] FeatureMatrix transform(const LinearDocuments& documents, std::span<const std::int64_t> rows,
                                        const Context& context) const;

  [[nodiscard]] std::int64_t size() const { return (terms_ ? terms_->size() : 0) + width_; }
  [[nodiscard]] const std::optional<TermFeatures>& terms() const { return terms_; }
  [[nodiscard]] std::int64_t width() const { return width_; }  // of the vectors; 0: none

 private:
  std::optional<TermFeatures> terms_;
  std::int64_t width_;
};

}  // namespace quire
