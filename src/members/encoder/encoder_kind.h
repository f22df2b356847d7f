#pragma once

#include "quire/members/kind.h"

namespace quire {

[[nodiscard]] const MemberKind& encoder_kind();

}  // namespace quire
