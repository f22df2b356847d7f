// What stands around a text, or a pair of texts: "[CLS] A [SEP] B [SEP]". And how long texts
// give way to it.
#pragma once

#include <cstdint>
#include <vector>

#include "quire/text/tokenizer.h"

namespace quire::text {

// One part of a template: the first text, the second, or special tokens; all of one segment.
struct TemplatePiece {
  enum class Kind { text, pair, special };
  Kind kind = Kind::special;
  std::vector<std::int32_t> ids;  // of special tokens
  std::uint8_t segment = 0;

  bool operator==(const TemplatePiece&) const = default;
};

struct Template {
  std::vector<TemplatePiece> pieces;
  // How many special tokens it adds.
  [[nodiscard]] std::size_t added() const noexcept;

  bool operator==(const Template&) const = default;
};

struct Templates {
  Template single;
  Template pair;

  bool operator==(const Templates&) const = default;
};
// [CLS] A [SEP], and [CLS] A [SEP] B [SEP] with two segments.
[[nodiscard]] Templates bert_templates(std::int32_t cls, std::int32_t sep);
// <s> A </s>, and <s> A </s></s> B </s> with one.
[[nodiscard]] Templates roberta_templates(std::int32_t cls, std::int32_t sep);

// How many tokens of each text are kept so that they sum up to at most `budget`. Throws
// InputError when the strategy names a text that is not longer than what has to go.
struct Kept {
  std::size_t text;
  std::size_t pair;
};
[[nodiscard]] Kept truncated_lengths(std::size_t text, std::size_t pair, std::size_t budget,
                                     Truncation truncation);

}  // namespace quire::text
