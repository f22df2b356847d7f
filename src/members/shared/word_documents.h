// Documents as cleaned text, words apart by single spaces: the corpus of fastText.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "quire/members/member.h"
#include "quire/text/clean.h"

namespace quire {

// What becomes of characters that are neither letters, digits, marks nor '_'.
enum class Punctuation { drop, split, keep };

class WordDocuments : public Corpus {
 public:
  WordDocuments(std::shared_ptr<const Cleaner> cleaner, Punctuation punctuation)
      : cleaner_(std::move(cleaner)), punctuation_(punctuation) {}

  void append(std::span<const Document> documents, const Context& context) override;
  void clear() override;
  [[nodiscard]] std::int64_t size() const override { return static_cast<std::int64_t>(ends_.size()) - 1; }
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::uint64_t fingerprint(std::int64_t row) const override;

  // Holds no line break and no word that fastText would take for a label or for the end of a line.
  [[nodiscard]] std::string_view text(std::int64_t row) const;

 private:
  [[nodiscard]] std::string words(const Document& document) const;

  std::shared_ptr<const Cleaner> cleaner_;
  Punctuation punctuation_;
  std::string texts_;                 // one after another
  std::vector<std::size_t> ends_{0};  // text i is texts_[ends_[i] .. ends_[i + 1])
  std::int64_t words_ = 0;
};

}  // namespace quire
