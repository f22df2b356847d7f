// What members ask of the rows they are given to train on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "quire/members/member.h"

namespace quire {

// "fold 2/5", for messages.
[[nodiscard]] std::string fold_name(const FitInput& input);

// Throws InputError when there are no training rows. Warns of the classes that none of them has, which the
// member will never predict; returns how many classes there are rows of.
std::size_t check_training_rows(const FitInput& input, const Context& context);

}  // namespace quire
