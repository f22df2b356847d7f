// GPT-2's way from text to words, and from bytes to the printable characters that its
// vocabulary files write them as.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quire::text {

// End of the word that begins at `position` of well-formed `text`, as the regular expression
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// matches it. position < text.size().
[[nodiscard]] std::size_t byte_level_word_end(std::string_view text, std::size_t position) noexcept;

// The character that stands for a byte in a vocabulary file, in UTF-8: itself where it is
// printable Latin-1, else one from U+0100 on ("Ġ" is a space).
[[nodiscard]] std::string_view byte_level_character(std::uint8_t byte) noexcept;

// Bytes as they are written in a vocabulary file.
[[nodiscard]] std::string to_byte_level(std::string_view bytes);

}  // namespace quire::text
