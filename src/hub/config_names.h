// The names config.json uses for what we keep as enumerations.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quire/hub/family.h"

namespace quire::hub {

// The version of the object "quire" in config.json.
inline constexpr int kOwnFormat = 1;
inline constexpr const char* kOwnKey = "quire";
// Of the keys that were ours before there was that object.
inline constexpr const char* kOldPrefix = "quire_";

[[nodiscard]] std::optional<Activation> activation_from_name(std::string_view name);
// The first name in transformers' list that means this activation.
[[nodiscard]] std::string_view activation_name(Activation activation);

[[nodiscard]] std::vector<std::string> activation_names();

}  // namespace quire::hub
