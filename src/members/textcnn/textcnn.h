// The TextCNN member.
#pragma once

#include <filesystem>
#include <memory>

#include "quire/members/backend.h"
#include "quire/members/member.h"
#include "quire/members/textcnn_options.h"

namespace quire {

// Checks the options at once. Throws InputError.
[[nodiscard]] std::unique_ptr<Member> make_textcnn_member(TextcnnOptions options, const Context& context);

// Opens what `fit` saved: model.safetensors, textcnn.json, labels.txt and the vocabulary.
[[nodiscard]] std::unique_ptr<FittedMember> open_fitted_textcnn(const std::filesystem::path& directory,
                                                                const OpenOptions& options);

}  // namespace quire
