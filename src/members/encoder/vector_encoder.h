// A pretrained encoder that stays as it is: its mean-pooled last layer as vectors of documents.
#pragma once

#include <memory>

#include "quire/members/backend.h"

namespace quire {

[[nodiscard]] std::unique_ptr<VectorEncoder> make_vector_encoder(const VectorOptions& options);

}  // namespace quire
