// Tokens that are found in the text before the model sees it: [MASK], </s>, and what users add.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/trie.h"

namespace quire::text {

struct AddedToken {
  std::int32_t id = -1;
  std::string content;
  bool single_word = false;  // not beside a letter, a digit or the like
  bool lstrip = false;       // takes the white space on its left
  bool rstrip = false;       // and on its right
  bool normalized = false;   // its normal form is looked for in the normalised text
  bool special = false;
};

// Finds some strings in texts: of those that begin at a place the longest, from left to right,
// without overlap. The strings are tokens' contents, or their normal forms.
class TokenFinder {
 public:
  struct Pattern {
    std::string text;  // not empty; of equal ones the last counts
    AddedToken token;
  };

  TokenFinder() = default;
  explicit TokenFinder(std::vector<Pattern> patterns);

  [[nodiscard]] bool empty() const noexcept { return patterns_.empty(); }

  // Cuts well-formed `text` up: on_text(string_view) for what is between tokens, never empty, and
  // on_token(id) for each token.
  template <typename OnText, typename OnToken>
  void split(std::string_view text, OnText on_text, OnToken on_token) const {
    std::size_t done = 0;
    std::size_t position = 0;
    while (const std::optional<Found> found = find(text, position)) {
      position = found->end;
      if (found->token->single_word && !stands_alone(text, *found)) continue;
      const auto [begin, end] = widened(text, *found, done);
      if (begin > done) on_text(text.substr(done, begin - done));
      on_token(found->token->id);
      done = end;
    }
    if (done < text.size()) on_text(text.substr(done));
  }

 private:
  struct Found {
    std::size_t begin;
    std::size_t end;
    const AddedToken* token;
  };

  // The first one at or after `position`.
  [[nodiscard]] std::optional<Found> find(std::string_view text, std::size_t position) const;
  // Position of the first byte at or after `position` that some pattern begins with.
  [[nodiscard]] std::size_t find_first_byte(std::string_view text, std::size_t position) const;
  [[nodiscard]] static bool stands_alone(std::string_view text, const Found& found);
  // Bounds with the white space that the token takes, but not what was taken up to `done`.
  [[nodiscard]] static std::pair<std::size_t, std::size_t> widened(std::string_view text, const Found& found,
                                                                   std::size_t done);

  std::vector<Pattern> patterns_;
  Trie trie_;  // of indices into patterns_
  std::array<bool, 256> first_bytes_{};
  std::optional<char> only_first_byte_;
};

}  // namespace quire::text
