// What members trained by the loop of train/ share.
#pragma once

#include "members/shared/torch_errors.h"
#include "quire/members/member.h"
#include "quire/train/loop.h"

namespace quire {

[[nodiscard]] train::LoopInput loop_input(const FitInput& input, const TokenCorpus& tokens);

// Tells the user; Error when the batch was not learned.
void report_overfit(const train::OverfitResult& result, const Context& context);

}  // namespace quire
