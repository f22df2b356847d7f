// UTF-8: decoding, encoding, repair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quire {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

// The code point at `position`, which moves past it. Malformed input yields U+FFFD and moves
// past one maximal ill-formed subsequence (Unicode 15, section 3.9, as Rust and Python do).
[[nodiscard]] char32_t decode_utf8(std::string_view text, std::size_t& position);

void append_utf8(std::string& text, char32_t code_point);

// Number of ill-formed subsequences, each of which is replaced by U+FFFD in place. A valid
// text is not touched and costs one pass.
std::size_t repair_utf8(std::string& text);

// `text` with every byte of its ill-formed subsequences written out, as \xE9: for messages.
[[nodiscard]] std::string escape_malformed_utf8(std::string_view text);

// `text` without leading and trailing white space (ASCII's and Unicode's White_Space).
[[nodiscard]] std::string_view trim(std::string_view text);

}  // namespace quire
