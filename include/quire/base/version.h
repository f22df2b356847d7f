// The version of the library, as CMake's project() names it.
#pragma once

#include <string_view>

namespace quire {

[[nodiscard]] std::string_view version();

}  // namespace quire
