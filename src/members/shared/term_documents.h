// Documents as counts of terms, and TF-IDF over them: what members on bags of words share.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quire/members/member.h"
#include "quire/terms/term_counts.h"
#include "quire/terms/tfidf.h"
#include "quire/text/clean.h"

namespace quire {

class TermDocuments : public Corpus {
 public:
  // One bag for each of `bags`: of words, of characters.
  TermDocuments(std::shared_ptr<const Cleaner> cleaner, const std::vector<TermOptions>& bags);

  void append(std::span<const Document> documents, const Context& context) override;
  void clear() override;
  [[nodiscard]] std::int64_t size() const override { return bags_.front().rows(); }
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::uint64_t fingerprint(std::int64_t row) const override;

  [[nodiscard]] const std::vector<TermCounts>& bags() const { return bags_; }

 private:
  std::shared_ptr<const Cleaner> cleaner_;
  std::vector<TermCounts> bags_;
};

// TF-IDF of each bag, side by side.
class TermFeatures {
 public:
  // Throws InputError when a bag has no term left.
  [[nodiscard]] static TermFeatures fit(const TermDocuments& documents, std::span<const std::int64_t> rows,
                                        const TfIdfOptions& options, const Context& context);
  // [rows, size()]
  [[nodiscard]] SparseMatrix transform(const TermDocuments& documents, std::span<const std::int64_t> rows,
                                       const Context& context) const;
  [[nodiscard]] std::int64_t size() const;
  [[nodiscard]] std::string_view name(std::int64_t column) const;
  [[nodiscard]] std::vector<TermOptions> bags() const;

  // tfidf.txt, tfidf-1.txt, ... in `directory`.
  void save(const std::filesystem::path& directory) const;
  [[nodiscard]] static TermFeatures load(const std::filesystem::path& directory);

 private:
  std::vector<TfIdf> parts_;
};

}  // namespace quire
