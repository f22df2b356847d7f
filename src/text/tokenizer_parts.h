// What every tokenizer is made of, whatever its model: private to the library.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "quire/base/json.h"
#include "quire/text/tokenizer.h"
#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/special_tokens.h"
#include "text/vocabulary.h"

namespace quire {

struct Tokenizer::Parts {
  std::string where;                    // the file it came from, for messages
  text::Vocabulary vocabulary;          // the model's, without added tokens that it lacks
  std::vector<text::BpeMerge> merges;   // by rank; none for WordPiece
  std::vector<text::AddedToken> added;  // by id
  text::Vocabulary added_names;         // the same, to look up
  text::TokenFinder raw_tokens;         // looked for in the raw text
  text::TokenFinder normalized_tokens;  // and in what is left, after normalisation
  text::Templates templates;
  SpecialTokens special;
  bool segments = true;     // or all are 0, whatever the templates say
  std::int32_t id_end = 0;  // one more than the largest id

  // For save(): tokenizer.json but for its "vocab", "merges" and "added_tokens"; and
  // tokenizer_config.json as it was found.
  Json frame;
  Json config = Json::object();

  [[nodiscard]] std::optional<std::int32_t> find(std::string_view token) const;
};

}  // namespace quire
