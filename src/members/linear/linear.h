// The linear member: TF-IDF or vectors of a frozen encoder, and a linear model.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "quire/members/linear_options.h"
#include "quire/members/member.h"

namespace quire {

// Checks the options and the encoder's directory at once. Throws InputError.
[[nodiscard]] std::unique_ptr<Member> make_linear(LinearOptions options, const Context& context);

// Opens what `fit` saved; the encoder, where there is one, when the first document is read. `max_length`:
// tokens that it reads of a document, by default as trained. Throws InputError for a directory that holds no
// linear model, or lacks its encoder.
[[nodiscard]] std::unique_ptr<FittedMember> open_fitted_linear(const std::filesystem::path& directory,
                                                               std::optional<std::int64_t> max_length,
                                                               const Context& context);

}  // namespace quire
