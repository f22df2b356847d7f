// Tokenizers: text in, the token ids a pretrained encoder was trained on out.
//
// Ids are those of transformers' AutoTokenizer for the same directory, bit for bit: BERT's
// WordPiece and RoBERTa's byte-level BPE. A tokenizer is immutable and may be used from any
// number of threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quire {

// A text or a pair of texts as an encoder takes it, special tokens included.
struct Encoding {
  std::vector<std::int32_t> ids;
  std::vector<std::uint8_t> segments;  // token type of each id, 0 or 1
  bool truncated = false;              // tokens were dropped to keep to a maximal length
};

// Which tokens are dropped when a text, or a pair of texts, is too long.
enum class Truncation {
  longest_first,  // the end of the longer text, then both alike, as `tokenizers` does; the default
  only_first,     // the end of the first text alone
  only_second,    // the end of the second text alone
};

// Ids of the tokens with a meaning of their own; -1: the vocabulary has no such token.
struct SpecialTokens {
  std::int32_t cls = -1;  // stands at the beginning ([CLS], <s>)
  std::int32_t sep = -1;  // stands after each text ([SEP], </s>)
  std::int32_t pad = -1;
  std::int32_t unk = -1;
  std::int32_t mask = -1;
};

class Tokenizer {
 public:
  virtual ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  // Appends the ids of `text`, without special tokens around it. Special tokens written out in
  // the text ("[MASK]") become their ids, as in the reference. `text` should be valid UTF-8
  // (repair_utf8); ill-formed sequences are read as U+FFFD.
  virtual void encode_text(std::string_view text, std::vector<std::int32_t>& ids) const = 0;

  // With special tokens, and truncated to `max_length` ids, these included; 0: no limit. Throws
  // InputError if the special tokens alone do not fit.
  [[nodiscard]] Encoding encode(std::string_view text, std::optional<std::string_view> pair = {},
                                std::size_t max_length = 0) const;

  // The same from texts that have been through encode_text already: what training keeps.
  // `only_first` and `only_second` throw InputError when that text is too short to give way.
  [[nodiscard]] Encoding assemble(std::span<const std::int32_t> text,
                                  std::optional<std::span<const std::int32_t>> pair = {},
                                  std::size_t max_length = 0,
                                  Truncation truncation = Truncation::longest_first) const;

  // Number of ids, added tokens included: one more than the largest.
  [[nodiscard]] std::size_t vocabulary_size() const noexcept;
  [[nodiscard]] const SpecialTokens& special() const noexcept;
  // How many special tokens assemble() adds to a text, to a pair of texts.
  [[nodiscard]] std::size_t special_tokens_in_single() const noexcept;
  [[nodiscard]] std::size_t special_tokens_in_pair() const noexcept;
  // One more than the largest segment that assemble() gives in a text, in a pair of texts.
  [[nodiscard]] std::int32_t segments(bool of_a_pair) const;
  // The id of a token as the vocabulary writes it ("##ing", "Ġthe"), if it has one.
  [[nodiscard]] std::optional<std::int32_t> id_of(std::string_view token) const;
  // A token as the vocabulary writes it. An id without a token gives an empty string.
  [[nodiscard]] std::string_view token_of(std::int32_t id) const;
  // Is this id one of the added special tokens ([CLS], <mask>)?
  [[nodiscard]] bool is_special(std::int32_t id) const;

  // Writes tokenizer.json (without truncation and padding), tokenizer_config.json,
  // special_tokens_map.json and vocab.txt, or vocab.json and merges.txt. transformers and
  // `tokenizers` read the same ids from them.
  void save(const std::filesystem::path& directory) const;

  struct Parts;  // private to the library

 protected:
  explicit Tokenizer(std::unique_ptr<const Parts> parts);

  std::unique_ptr<const Parts> parts_;
};

// Reads tokenizer.json where there is one, else vocab.txt (WordPiece) or vocab.json and
// merges.txt (byte-level BPE). As in transformers 5, the class that tokenizer_config.json or
// config.json names decides what counts: PreTrainedTokenizerFast is tokenizer.json as it stands;
// BertTokenizer, RobertaTokenizer and their like take its vocabulary, and everything else from
// tokenizer_config.json, special_tokens_map.json and added_tokens.json, or from the class's
// defaults. A directory without config.json and weights will do. The "truncation" and "padding"
// of tokenizer.json are ignored. Throws InputError on a file that is malformed, or asks for a
// class or a component that is not supported, with its name.
[[nodiscard]] std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& directory);

}  // namespace quire
