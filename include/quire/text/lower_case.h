// Lower case of whole texts, as Python's str.lower() makes it.
#pragma once

#include <string>
#include <string_view>

namespace quire::text {

// Each code point's full mapping; a capital sigma that ends a word becomes a final one (the Unicode
// Standard, section 3.13, Final_Sigma). Appends to `out`.
void append_lower_case(std::string_view text, std::string& out);

}  // namespace quire::text
