#include "quire/base/naming.h"

#include <fmt/format.h>

#include <algorithm>

namespace quire {
namespace {

constexpr std::size_t kLongest = 80;  // bytes of a name

std::string shortened(std::string_view text) {
  if (text.size() <= kLongest) return std::string(text);
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // in a character's midst
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace

std::string quoted_name(std::string_view text) { return fmt::format("'{}'", shortened(text)); }

std::string quoted_list(std::span<const std::string> names, std::size_t most) {
  const std::size_t shown = std::min(names.size(), most);
  std::string list;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) list += i + 1 == names.size() ? " and " : ", ";
    list += quoted_name(names[i]);
  }
  if (shown < names.size()) list += fmt::format(" and {} more", names.size() - shown);
  return list;
}

}  // namespace quire
