// BERT's tokenizer.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "quire/text/tokenizer.h"
#include "text/bert_normalizer.h"
#include "text/tokenizer_parts.h"
#include "text/word_cache.h"
#include "text/wordpiece.h"

namespace quire::text {

class WordPieceTokenizer final : public Tokenizer {
 public:
  WordPieceTokenizer(std::unique_ptr<const Parts> parts, const BertNormalizer& normalizer, WordPiece model);

  void encode_text(std::string_view text, std::vector<std::int32_t>& ids) const override;

 private:
  void encode_piece(std::string_view piece, std::vector<std::int32_t>& ids) const;
  void encode_chunk(std::string_view chunk, std::string& normalized, std::vector<std::int32_t>& ids) const;
  void encode_normalized(std::string_view text, std::vector<std::int32_t>& ids) const;

  BertNormalizer normalizer_;
  WordPiece model_;
  std::array<std::int32_t, 128> punctuation_{};  // ids of ASCII punctuation
  WordCache cache_;
};

}  // namespace quire::text
