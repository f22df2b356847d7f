// The WordPiece model: a word becomes the longest token it begins with, then the longest
// continuation ("##ing") of what is left, and so on; or the unknown token if that fails.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/trie.h"

namespace quire::text {

class WordPiece {
 public:
  // `tokens` may be destroyed afterwards.
  WordPiece(std::vector<Trie::Entry> tokens, std::string_view continuation_prefix, std::int32_t unknown,
            std::uint64_t longest_word)
      : trie_(std::move(tokens)),
        continuation_(trie_.walk(Trie::kRoot, continuation_prefix)),
        unknown_(unknown),
        longest_word_(longest_word) {}

  // Appends the ids of a word, which is well-formed UTF-8 and not empty.
  void append_ids(std::string_view word, std::vector<std::int32_t>& ids) const {
    if (characters(word) > longest_word_) {
      ids.push_back(unknown_);
      return;
    }
    const std::size_t before = ids.size();
    Trie::State state = Trie::kRoot;
    while (!word.empty()) {
      const Trie::Match match = trie_.longest_match(state, word);
      if (match.length == 0) {
        ids.resize(before);
        ids.push_back(unknown_);
        return;
      }
      ids.push_back(match.value);
      word.remove_prefix(match.length);
      state = continuation_;
    }
  }

 private:
  static std::size_t characters(std::string_view word) noexcept {
    std::size_t count = 0;
    for (const char byte : word) count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
    return count;
  }

  Trie trie_;
  Trie::State continuation_;
  std::int32_t unknown_;
  std::uint64_t longest_word_;  // in characters; longer words are unknown
};

}  // namespace quire::text
