#include "hub/json.h"

#include <fmt/format.h>

#include <algorithm>

#include "quire/base/error.h"
#include "quire/base/utf8.h"

namespace quire::hub {
namespace {

constexpr std::size_t kShownBytes = 100;

std::string cut(std::string_view text) {
  std::string kept(text.substr(0, kShownBytes));
  if (text.size() > kShownBytes) {
    // Do not leave half a character behind.
    while (!kept.empty() && (static_cast<unsigned char>(text[kept.size()]) & 0xC0) == 0x80) kept.pop_back();
    kept += "...";
  }
  repair_utf8(kept);
  return kept;
}

std::string escape_controls(std::string_view text) {
  std::string escaped;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7F) {
      escaped += fmt::format("\\x{:02x}", byte);
    } else {
      escaped += character;
    }
  }
  return escaped;
}

}  // namespace

std::string in_quotes(std::string_view text) { return fmt::format("\"{}\"", escape_controls(cut(text))); }

std::string shown(const Json& value) {
  return escape_controls(cut(value.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

std::string reason(const nlohmann::json::exception& error) {
  std::string_view text = error.what();
  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ..."
  if (const std::size_t bracket = text.find("] "); bracket != std::string_view::npos) {
    text.remove_prefix(bracket + 2);
  }
  if (text.starts_with("parse error at ")) {
    if (const std::size_t colon = text.find(": "); colon != std::string_view::npos)
      text.remove_prefix(colon + 2);
  }
  std::string kept(text.substr(0, 2 * kShownBytes));
  repair_utf8(kept);
  return escape_controls(kept);
}

Json parse_json(std::string_view text, const std::filesystem::path& path) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const std::size_t end = std::min(error.byte, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n');
    throw InputError(fmt::format("{}:{}: this is not JSON: {}.", path.string(), line, reason(error)),
                     "The file is damaged or cut short; fetch it again.");
  } catch (const Json::exception& error) {
    throw InputError(fmt::format("\"{}\" is not usable JSON: {}.", path.string(), reason(error)));
  }
}

}  // namespace quire::hub
