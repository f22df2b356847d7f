// GPT-2's and RoBERTa's tokenizer.
#pragma once

#include <memory>
#include <string>

#include "quire/text/tokenizer.h"
#include "text/bpe.h"
#include "text/tokenizer_parts.h"
#include "text/word_cache.h"

namespace quire::text {

class ByteLevelTokenizer final : public Tokenizer {
 public:
  ByteLevelTokenizer(std::unique_ptr<const Parts> parts, const BpeOptions& options, bool add_prefix_space);

  void encode_text(std::string_view text, std::vector<std::int32_t>& ids) const override;

 private:
  // What one call works with.
  struct Scratch {
    Bpe::Scratch bpe;
    std::string prefixed;
  };
  void encode_piece(std::string_view piece, Scratch& scratch, std::vector<std::int32_t>& ids) const;

  Bpe model_;
  bool add_prefix_space_;
  WordCache cache_;
};

}  // namespace quire::text
