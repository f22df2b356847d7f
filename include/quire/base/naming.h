// How messages name what the user gave: in quotes, and never more of it than a screen holds.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace quire {

// 'text'; of a long one the first 80 bytes or so, whole characters, and an ellipsis.
[[nodiscard]] std::string quoted_name(std::string_view text);

// "'a', 'b' and 'c'"; of a long list the first `most`, and how many more there are.
[[nodiscard]] std::string quoted_list(std::span<const std::string> names, std::size_t most = 10);

}  // namespace quire
