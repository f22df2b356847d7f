#include "quire/text/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>

#include "quire/base/error.h"
#include "text/tokenizer_parts.h"

namespace quire {

std::optional<std::int32_t> Tokenizer::Parts::find(std::string_view token) const {
  const auto found = added_names.find(token);
  return found ? found : vocabulary.find(token);
}

Tokenizer::Tokenizer(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}

Tokenizer::~Tokenizer() = default;

Encoding Tokenizer::encode(std::string_view text, std::optional<std::string_view> pair,
                           std::size_t max_length) const {
  std::vector<std::int32_t> text_ids;
  encode_text(text, text_ids);
  if (!pair) return assemble(text_ids, {}, max_length);
  std::vector<std::int32_t> pair_ids;
  encode_text(*pair, pair_ids);
  return assemble(text_ids, pair_ids, max_length);
}

Encoding Tokenizer::assemble(std::span<const std::int32_t> text,
                             std::optional<std::span<const std::int32_t>> pair, std::size_t max_length,
                             Truncation truncation) const {
  const text::Template& form = pair ? parts_->templates.pair : parts_->templates.single;
  const std::size_t special_count = form.added();
  text::Kept kept{text.size(), pair ? pair->size() : 0};
  if (max_length > 0) {
    if (max_length < special_count) {
      throw InputError(fmt::format("A length of {} leaves no room: {} special tokens are added to a {}.",
                                   max_length, special_count, pair ? "pair of texts" : "text"),
                       fmt::format("Allow at least {} tokens.", special_count + 1));
    }
    kept = text::truncated_lengths(kept.text, kept.pair, max_length - special_count, truncation);
  }
  Encoding encoding;
  encoding.truncated = kept.text < text.size() || (pair && kept.pair < pair->size());
  encoding.ids.reserve(kept.text + kept.pair + special_count);
  encoding.segments.reserve(kept.text + kept.pair + special_count);
  for (const text::TemplatePiece& piece : form.pieces) {
    std::span<const std::int32_t> ids = piece.ids;
    if (piece.kind == text::TemplatePiece::Kind::text) ids = text.first(kept.text);
    if (piece.kind == text::TemplatePiece::Kind::pair) ids = pair->first(kept.pair);
    encoding.ids.insert(encoding.ids.end(), ids.begin(), ids.end());
    encoding.segments.resize(encoding.ids.size(), parts_->segments ? piece.segment : std::uint8_t{0});
  }
  return encoding;
}

std::size_t Tokenizer::vocabulary_size() const noexcept { return static_cast<std::size_t>(parts_->id_end); }

const SpecialTokens& Tokenizer::special() const noexcept { return parts_->special; }

std::size_t Tokenizer::special_tokens_in_single() const noexcept { return parts_->templates.single.added(); }

std::size_t Tokenizer::special_tokens_in_pair() const noexcept { return parts_->templates.pair.added(); }

std::int32_t Tokenizer::segments(bool of_a_pair) const {
  std::int32_t count = 1;
  if (!parts_->segments) return count;
  for (const text::TemplatePiece& piece :
       (of_a_pair ? parts_->templates.pair : parts_->templates.single).pieces)
    count = std::max(count, piece.segment + 1);
  return count;
}

std::optional<std::int32_t> Tokenizer::id_of(std::string_view token) const { return parts_->find(token); }

std::string_view Tokenizer::token_of(std::int32_t id) const {
  const std::string_view added = parts_->added_names.token(id);
  return added.empty() ? parts_->vocabulary.token(id) : added;
}

bool Tokenizer::is_special(std::int32_t id) const {
  const auto found = std::ranges::lower_bound(parts_->added, id, {}, &text::AddedToken::id);
  return found != parts_->added.end() && found->id == id && found->special;
}

}  // namespace quire
