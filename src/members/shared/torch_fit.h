// What members trained by the loop of train/ share.
#pragma once

#include "members/shared/torch_errors.h"
#include "quire/members/gradient_options.h"
#include "quire/members/member.h"
#include "quire/train/classification.h"
#include "quire/train/loop.h"

namespace quire {

// What the common options say; a member adds its own. All layers have one learning rate.
[[nodiscard]] train::LoopOptions loop_options(const GradientOptions& options);
// Without class weights, which depend on the rows of a fold.
[[nodiscard]] train::ClassificationOptions loss_options(const GradientOptions& options);

void fit_classifier(nn::TextModel& model, const TokenCorpus& tokens, const FitInput& input,
                    const train::LoopOptions& loop, const train::ClassificationOptions& loss,
                    const Context& context);

// Shows that one batch can be learned and tells the user; Error when it was not.
void overfit_classifier(nn::TextModel& model, const TokenCorpus& tokens, const FitInput& input,
                        const train::LoopOptions& loop, const train::ClassificationOptions& loss,
                        const Context& context);

}  // namespace quire
