// From our options and the user's "name=value" to the parameters that LightGBM's library takes.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "quire/members/lightgbm_options.h"

namespace quire::lightgbm {

// By LightGBM's own names, aliases resolved.
using Parameters = std::map<std::string, std::string>;

// Throws InputError for an option out of range, a parameter that is not "name=value", that the library
// does not know, that is given twice, or that has an option of its own here.
[[nodiscard]] Parameters make_parameters(const LightgbmOptions& options);

// "name=value name=value ...", with what depends on the task and the machine.
[[nodiscard]] std::string join(Parameters parameters, std::int64_t classes, int threads, std::uint64_t seed);

}  // namespace quire::lightgbm
