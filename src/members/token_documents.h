// Documents as token ids, cut to a maximal length: the corpus of encoders.
#pragma once

#include <memory>

#include "quire/members/member.h"
#include "quire/text/tokenizer.h"
#include "quire/train/corpus.h"

namespace quire {

class TokenDocuments : public Corpus {
 public:
  TokenDocuments(std::shared_ptr<const Tokenizer> tokenizer, std::int64_t max_length)
      : tokenizer_(std::move(tokenizer)), max_length_(max_length) {}

  void append(std::span<const Document> documents, const Context& context) override;
  void clear() override { tokens_.clear(); }
  [[nodiscard]] std::int64_t size() const override { return tokens_.size(); }
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::uint64_t fingerprint(std::int64_t row) const override;

  [[nodiscard]] const train::TokenCorpus& tokens() const { return tokens_; }

 private:
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::int64_t max_length_;
  train::TokenCorpus tokens_;
};

}  // namespace quire
