#pragma once

#include "quire/members/kind.h"

namespace quire {

[[nodiscard]] const MemberKind& fasttext_kind();

}  // namespace quire
