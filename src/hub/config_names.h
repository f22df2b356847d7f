// The names config.json uses for what we keep as enumerations.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quire/hub/config.h"

namespace quire::hub {

[[nodiscard]] std::optional<Family> family_from_name(std::string_view name);
[[nodiscard]] std::optional<Activation> activation_from_name(std::string_view name);
// The first name in transformers' list that means this activation.
[[nodiscard]] std::string_view activation_name(Activation activation);

[[nodiscard]] const std::vector<std::string>& family_names();
[[nodiscard]] const std::vector<std::string>& activation_names();

}  // namespace quire::hub
