// The fastText member: a bag of word vectors and a linear layer (Joulin et al. 2017), by fastText's own
// library.
#pragma once

#include <filesystem>
#include <memory>

#include "quire/members/fasttext_options.h"
#include "quire/members/member.h"

namespace quire {

// Checks the options at once. Throws InputError.
[[nodiscard]] std::unique_ptr<Member> make_fasttext(FasttextOptions options, const Context& context);

// Opens what `fit` saved: model.bin, which fastText's own tools load; labels.txt, where line K, from 0, is
// the class that model.bin calls __label__K; preprocessing.json. Throws InputError.
[[nodiscard]] std::unique_ptr<FittedMember> open_fitted_fasttext(const std::filesystem::path& directory,
                                                                 const Context& context);

}  // namespace quire
