#include "text/wordpiece_tokenizer.h"

#include <algorithm>

#include "text/word_reader.h"

namespace quire::text {
namespace {

enum class ByteKind : std::uint8_t { in_chunk, space, punctuation };

// A chunk is what lies between ASCII white space and ASCII punctuation: mostly one word. Each
// is normalised by itself (BertNormalizer says why that may be). Other ASCII white space is in a
// chunk, since clean_text deletes it.
const std::array<ByteKind, 256> kByteKinds = [] {
  std::array<ByteKind, 256> kinds{};
  for (const char space : {' ', '\t', '\n', '\r'}) kinds[static_cast<unsigned char>(space)] = ByteKind::space;
  for (char32_t byte = 0; byte < 0x80; ++byte) {
    if (has_property(byte, kPunctuation)) kinds[byte] = ByteKind::punctuation;
  }
  return kinds;
}();

ByteKind kind_of(char byte) { return kByteKinds[static_cast<unsigned char>(byte)]; }

}  // namespace

WordPieceTokenizer::WordPieceTokenizer(std::unique_ptr<const Parts> parts, const BertNormalizer& normalizer,
                                       WordPiece model)
    : Tokenizer(std::move(parts)), normalizer_(normalizer), model_(std::move(model)) {
  for (std::size_t byte = 0; byte < punctuation_.size(); ++byte) {
    const char character = static_cast<char>(byte);
    if (kind_of(character) != ByteKind::punctuation) continue;
    std::vector<std::int32_t> ids;
    model_.append_ids({&character, 1}, ids);
    punctuation_[byte] = ids.front();
  }
}

void WordPieceTokenizer::encode_text(std::string_view text, std::vector<std::int32_t>& ids) const {
  std::string repaired;
  parts_->raw_tokens.split(
      well_formed(text, repaired), [&](std::string_view piece) { encode_piece(piece, ids); },
      [&](std::int32_t id) { ids.push_back(id); });
}

void WordPieceTokenizer::encode_piece(std::string_view piece, std::vector<std::int32_t>& ids) const {
  std::string normalized;
  if (!parts_->normalized_tokens.empty()) {
    normalizer_.append_normalized(piece, normalized);
    parts_->normalized_tokens.split(
        normalized, [&](std::string_view rest) { encode_normalized(rest, ids); },
        [&](std::int32_t id) { ids.push_back(id); });
    return;
  }
  IdWriter writer(ids);
  const char* const end = piece.data() + piece.size();
  for (const char* position = piece.data(); position < end;) {
    const ByteKind kind = kind_of(*position);
    if (kind == ByteKind::space) {
      ++position;
    } else if (kind == ByteKind::punctuation) {
      writer.push(punctuation_[static_cast<unsigned char>(*position++)]);
    } else {
      const char* const start = position;
      while (position < end && kind_of(*position) == ByteKind::in_chunk) ++position;
      const std::string_view chunk(start, static_cast<std::size_t>(position - start));
      write_word(chunk, end, cache_, writer,
                 [&](std::vector<std::int32_t>& found) { encode_chunk(chunk, normalized, found); });
    }
  }
}

void WordPieceTokenizer::encode_chunk(std::string_view chunk, std::string& normalized,
                                      std::vector<std::int32_t>& ids) const {
  normalized.clear();
  normalizer_.append_normalized(chunk, normalized);
  encode_normalized(normalized, ids);
}

void WordPieceTokenizer::encode_normalized(std::string_view text, std::vector<std::int32_t>& ids) const {
  for_each_bert_word(text, [&](std::string_view word) { model_.append_ids(word, ids); });
}

}  // namespace quire::text
