// The parts of a tokenizer.json, each checked for what is supported.
#pragma once

#include <vector>

#include "quire/base/json.h"
#include "text/added_tokens.h"
#include "text/bert_normalizer.h"
#include "text/bpe.h"
#include "text/special_tokens.h"
#include "text/vocabulary.h"
#include "text/wordpiece.h"

namespace quire::text {

// All take the whole file, less its vocabulary and merges.

// "normalizer" of a WordPiece tokenizer: BertNormalizer, or none.
[[nodiscard]] BertNormalizer parse_bert_normalizer(const Section& root);
// Throws if "pre_tokenizer" is not BertPreTokenizer.
void expect_bert_pre_tokenizer(const Section& root);
[[nodiscard]] WordPiece parse_wordpiece(const Section& root, const Vocabulary& vocabulary);

// Throws if there is a "normalizer".
void expect_no_normalizer(const Section& root);
// "add_prefix_space" of "pre_tokenizer", which must be ByteLevel with its regular expression.
[[nodiscard]] bool parse_byte_level_prefix(const Section& root);
[[nodiscard]] BpeOptions parse_bpe_options(const Section& root, const Vocabulary& vocabulary);

// "added_tokens", by id. As in the reference, ids in the file count for nothing: a token has its
// id in the vocabulary, or gets the next one behind it.
[[nodiscard]] std::vector<AddedToken> parse_added_tokens(const Section& root, const Vocabulary& vocabulary);

// "post_processor".
[[nodiscard]] Templates parse_templates(const Section& root);

}  // namespace quire::text
