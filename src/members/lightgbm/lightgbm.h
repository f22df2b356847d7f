// The LightGBM member: boosted trees on TF-IDF, by LightGBM's own library.
#pragma once

#include <filesystem>
#include <memory>

#include "quire/members/lightgbm_options.h"
#include "quire/members/member.h"

namespace quire {

// Loads the library and checks the options at once. Throws InputError, and Error where the library is
// missing.
[[nodiscard]] std::unique_ptr<Member> make_lightgbm(LightgbmOptions options, const Context& context);

// Opens what `fit` saved. Throws as make_lightgbm does.
[[nodiscard]] std::unique_ptr<FittedMember> open_fitted_lightgbm(const std::filesystem::path& directory,
                                                                 const Context& context);

}  // namespace quire
