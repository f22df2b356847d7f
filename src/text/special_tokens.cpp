#include "text/special_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "quire/base/error.h"

namespace quire::text {
namespace {

// The longer text gives way until both are alike, then both do. When an odd budget is halved
// the larger half goes to the text that was longer, and to the second of two alike.
Kept longest_first(std::size_t text, std::size_t pair, std::size_t budget) {
  const bool text_longer = text > pair;
  const std::size_t shorter = std::min(text, pair);
  Kept kept{shorter, std::max(shorter, budget > shorter ? budget - shorter : 0)};
  if (kept.text + kept.pair > budget) kept = {budget / 2, budget - budget / 2};
  if (text_longer) std::swap(kept.text, kept.pair);
  return kept;
}

std::size_t shortened(std::size_t length, std::size_t excess, std::string_view name) {
  if (length <= excess) {
    throw InputError(
        fmt::format("The {} text has {} tokens and would have to give up {} to fit.", name, length, excess),
        "Allow more tokens, or truncate the longest text first.");
  }
  return length - excess;
}

TemplatePiece special(std::int32_t id, std::uint8_t segment) {
  return {TemplatePiece::Kind::special, {id}, segment};
}

TemplatePiece text_piece() { return {TemplatePiece::Kind::text, {}, 0}; }

TemplatePiece pair_piece(std::uint8_t segment) { return {TemplatePiece::Kind::pair, {}, segment}; }

}  // namespace

Templates bert_templates(std::int32_t cls, std::int32_t sep) {
  return {{{special(cls, 0), text_piece(), special(sep, 0)}},
          {{special(cls, 0), text_piece(), special(sep, 0), pair_piece(1), special(sep, 1)}}};
}

Templates roberta_templates(std::int32_t cls, std::int32_t sep) {
  return {
      {{special(cls, 0), text_piece(), special(sep, 0)}},
      {{special(cls, 0), text_piece(), special(sep, 0), special(sep, 0), pair_piece(0), special(sep, 0)}}};
}

std::size_t Template::added() const noexcept {
  std::size_t count = 0;
  for (const TemplatePiece& piece : pieces) count += piece.ids.size();
  return count;
}

Kept truncated_lengths(std::size_t text, std::size_t pair, std::size_t budget, Truncation truncation) {
  const std::size_t total = text + pair;
  if (total <= budget) return {text, pair};
  switch (truncation) {
    case Truncation::only_first:
      return {shortened(text, total - budget, "first"), pair};
    case Truncation::only_second:
      return {text, shortened(pair, total - budget, "second")};
    case Truncation::longest_first:
      break;
  }
  return longest_first(text, pair, budget);
}

}  // namespace quire::text
