// The sum of an encoder's embeddings, its norm and dropout.
#pragma once

#include "nn/ops/dropout.h"
#include "quire/nn/aten.h"
#include "quire/nn/layers.h"

namespace quire::nn {

// A table of embeddings [rows, width] and the row of each token.
struct EmbeddedIds {
  at::Tensor table, ids;
  std::int64_t padding;  // a row that never learns, or kNoPadding
};

// dropout(LayerNorm(words + segments + positions)): [tokens, width]. One pass over memory each way on a CPU
// in float32; the words' gradient is sparse there (nn/look_up.h). Elsewhere, and with Implementation::aten,
// ATen's operations.
[[nodiscard]] at::Tensor embed_tokens(const EmbeddedIds& words, const EmbeddedIds& segments,
                                      const EmbeddedIds& positions, const LayerNorm& norm, double epsilon,
                                      const RowLayout& rows, double rate, const DropoutState& state,
                                      Implementation implementation = Implementation::automatic);

}  // namespace quire::nn
