#pragma once

#include "quire/members/kind.h"

namespace quire {

[[nodiscard]] const MemberKind& linear_kind();

}  // namespace quire
