#include "text/byte_level_tokenizer.h"

#include "quire/text/unicode.h"
#include "text/byte_level.h"
#include "text/word_reader.h"

namespace quire::text {

ByteLevelTokenizer::ByteLevelTokenizer(std::unique_ptr<const Parts> parts, const BpeOptions& options,
                                       bool add_prefix_space)
    : Tokenizer(std::move(parts)),
      model_(parts_->vocabulary, parts_->merges, options),
      add_prefix_space_(add_prefix_space) {}

void ByteLevelTokenizer::encode_text(std::string_view text, std::vector<std::int32_t>& ids) const {
  Scratch scratch;
  std::string repaired;
  const auto on_token = [&](std::int32_t id) { ids.push_back(id); };
  // Nothing is normalised, but tokens are still found in two rounds.
  parts_->raw_tokens.split(
      well_formed(text, repaired),
      [&](std::string_view rest) {
        parts_->normalized_tokens.split(
            rest, [&](std::string_view piece) { encode_piece(piece, scratch, ids); }, on_token);
      },
      on_token);
}

void ByteLevelTokenizer::encode_piece(std::string_view piece, Scratch& scratch,
                                      std::vector<std::int32_t>& ids) const {
  if (add_prefix_space_ && piece.front() != ' ') {
    scratch.prefixed.assign(1, ' ').append(piece);
    piece = scratch.prefixed;
  }
  IdWriter writer(ids);
  const char* const end = piece.data() + piece.size();
  for (std::size_t position = 0; position < piece.size();) {
    const std::size_t word_end = byte_level_word_end(piece, position);
    const std::string_view word = piece.substr(position, word_end - position);
    write_word(word, end, cache_, writer,
               [&](std::vector<std::int32_t>& found) { model_.append_ids(word, found, scratch.bpe); });
    position = word_end;
  }
}

}  // namespace quire::text
