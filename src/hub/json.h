// JSON files of a checkpoint, with errors a user can act on.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace quire::hub {

using Json = nlohmann::ordered_json;

// `text` in double quotes for a message: control characters escaped, invalid UTF-8 replaced, cut
// after 100 bytes. Names out of a hostile file pass through here.
[[nodiscard]] std::string in_quotes(std::string_view text);

// A value as its JSON text, cut likewise.
[[nodiscard]] std::string shown(const Json& value);

// What nlohmann's message says beyond its own bookkeeping, and never a stray byte of the file.
[[nodiscard]] std::string reason(const nlohmann::json::exception& error);

// The whole file as JSON; InputError that names the file, the line and the fault.
[[nodiscard]] Json parse_json(std::string_view text, const std::filesystem::path& path);

}  // namespace quire::hub
