// From the name of a kind of learner to the learner.
#pragma once

#include <filesystem>
#include <memory>

#include "quire/members/backend.h"
#include "quire/members/member.h"
#include "quire/pipeline/options.h"

namespace quire {

[[nodiscard]] std::unique_ptr<Member> make_member(const TrainOptions& options, const Context& context);

// Opens a trained fold. The options speak to members with an encoder, and the device to TextCNN: others read
// whole documents on the CPU. InputError for a precision that the member does not have.
[[nodiscard]] std::unique_ptr<FittedMember> open_member(std::string_view kind,
                                                        const std::filesystem::path& directory,
                                                        const OpenOptions& options, const Context& context);

}  // namespace quire
