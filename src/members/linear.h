// The linear member: TF-IDF and a linear model.
#pragma once

#include <filesystem>
#include <memory>

#include "quire/members/linear_options.h"
#include "quire/members/member.h"

namespace quire {

// Checks the options at once. Throws InputError.
[[nodiscard]] std::unique_ptr<Member> make_linear(LinearOptions options, const Context& context);

// Opens what `fit` saved. Throws InputError for a directory that holds no linear model.
[[nodiscard]] std::unique_ptr<FittedMember> open_fitted_linear(const std::filesystem::path& directory,
                                                               const Context& context);

}  // namespace quire
