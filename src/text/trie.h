// A set of strings with values, for finding all that begin at a place of a text: a double array
// (Aoe, "An efficient digital search algorithm by using a double-array structure", 1989), whose
// step from a state by a byte is one addition, one load and one comparison.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace quire::text {

class Trie {
 public:
  using Entry = std::pair<std::string_view, std::int32_t>;
  using State = std::uint32_t;

  static constexpr State kRoot = 0;
  static constexpr State kNone = 0xFFFFFFFF;

  // The empty set.
  Trie() : Trie(std::vector<Entry>()) {}
  // Values are not negative. Of equal strings the last one counts; empty ones are left out.
  explicit Trie(std::vector<Entry> entries);

  [[nodiscard]] State step(State state, char byte) const noexcept {
    const State next = nodes_[state].base + static_cast<unsigned char>(byte);
    return nodes_[next].parent == state ? next : kNone;
  }
  // From `state` along all of `text`.
  [[nodiscard]] State walk(State state, std::string_view text) const noexcept {
    for (const char byte : text) {
      if (state == kNone) break;
      state = step(state, byte);
    }
    return state;
  }
  // The value of the string that ends in `state`; -1: none does.
  [[nodiscard]] std::int32_t value(State state) const noexcept { return nodes_[state].value; }

  struct Match {
    std::size_t length = 0;  // 0: nothing matches
    std::int32_t value = -1;
  };
  // The longest string that, put behind what leads to `state`, `text` begins with.
  [[nodiscard]] Match longest_match(State state, std::string_view text) const noexcept {
    Match match;
    if (state == kNone) return match;
    for (std::size_t i = 0; i < text.size(); ++i) {
      state = step(state, text[i]);
      if (state == kNone) break;
      if (nodes_[state].value >= 0) match = {i + 1, nodes_[state].value};
    }
    return match;
  }

 private:
  class Builder;

  struct Node {
    State base = 0;
    State parent = kNone;
    std::int32_t value = -1;
  };
  // 256 more than the largest base, so that a step needs no bounds check.
  std::vector<Node> nodes_;
};

}  // namespace quire::text
