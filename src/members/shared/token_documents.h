// Documents as token ids, cut to a maximal length: the corpus of encoders.
#pragma once

#include <memory>
#include <optional>

#include "quire/base/error.h"
#include "quire/members/member.h"
#include "quire/text/long_text.h"
#include "quire/text/token_corpus.h"
#include "quire/text/tokenizer.h"

namespace quire {

class TokenDocuments : public Corpus {
 public:
  // `refusal` answers the first document of two texts, if the model cannot take one.
  TokenDocuments(std::shared_ptr<const Tokenizer> tokenizer, LongText long_text,
                 std::optional<InputError> refusal)
      : tokenizer_(std::move(tokenizer)), long_text_(long_text), refusal_(std::move(refusal)) {}

  void append(std::span<const Document> documents, const Context& context) override;
  void clear() override { tokens_.clear(); }
  [[nodiscard]] std::int64_t size() const override { return tokens_.size(); }
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::uint64_t fingerprint(std::int64_t row) const override;

  [[nodiscard]] const TokenCorpus& tokens() const { return tokens_; }

 private:
  std::shared_ptr<const Tokenizer> tokenizer_;
  LongText long_text_;
  std::optional<InputError> refusal_;
  TokenCorpus tokens_;
};

}  // namespace quire
