// The letters that LaTeX writes as commands: accents (\"o, \v{s}) and names (\ss, \o, \i).
#pragma once

#include <optional>
#include <string_view>

namespace quire::text {

// The combining mark of an accent by the character or letter behind its backslash; nothing when that is none.
[[nodiscard]] std::optional<char32_t> accent_mark(char name);

// The letter that a command stands for: "ss" is U+00DF.
[[nodiscard]] std::optional<char32_t> named_letter(std::string_view name);

// The one code point that is this letter with this mark, if there is one.
[[nodiscard]] std::optional<char32_t> composed_letter(char32_t letter, char32_t mark);

}  // namespace quire::text
