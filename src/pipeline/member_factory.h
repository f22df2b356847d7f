// From the name of a kind of learner to the learner.
#pragma once

#include <filesystem>
#include <memory>

#include "quire/members/backend.h"
#include "quire/members/member.h"
#include "quire/pipeline/options.h"

namespace quire {

[[nodiscard]] std::unique_ptr<Member> make_member(const TrainOptions& options, const Context& context);

// Opens a trained fold. `options` speaks to encoders and TextCNN alone: other members read whole documents
// and run on the CPU.
[[nodiscard]] std::unique_ptr<FittedMember> open_member(std::string_view kind,
                                                        const std::filesystem::path& directory,
                                                        const OpenOptions& options, const Context& context);

}  // namespace quire
