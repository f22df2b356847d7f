#pragma once

#include "quire/members/kind.h"

namespace quire {

[[nodiscard]] const MemberKind& lightgbm_kind();

}  // namespace quire
