#pragma once

#include "quire/members/kind.h"

namespace quire {

[[nodiscard]] const MemberKind& textcnn_kind();

}  // namespace quire
