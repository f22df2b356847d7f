// Self-attention of which only the first token of each sequence is wanted: the top layer under a head that
// reads nothing else.
#pragma once

#include "nn/ops/linear.h"

namespace quire::nn {

// Of a layer's first tokens, each [S, hidden]: what it takes in and what its attention makes of it.
struct FirstTokens {
  at::Tensor input, context;
};

// The rows of x and of packed_attention at those tokens, from the input x [T, hidden] of a layer and its
// projection to query, key and value.
//
// On a CPU in float32, whatever the precision, neither keys nor values are formed. A score is
// q . (W x) = (W' q) . x, and a context sum p W x = W (sum p x): the projections turn one vector of each head
// and sequence instead of every token. The key's bias adds the same to all scores of a query, so that neither
// its value nor a gradient of it exists. Elsewhere, and as the reference, the other form runs.
[[nodiscard]] FirstTokens first_token_attention(const at::Tensor& x, const Linear& query_key_value,
                                                const PackedBatch& batch, std::int64_t heads, double dropout,
                                                const DropoutState& state, std::int64_t layer,
                                                Implementation implementation = Implementation::automatic);

// Their context from query [S, hidden] of those tokens and key_value [T, 2 * hidden] of all. Plain ATen
// operations on any device.
[[nodiscard]] at::Tensor first_token_attention(const at::Tensor& query, const at::Tensor& key_value,
                                               const PackedBatch& batch, std::int64_t heads, double dropout,
                                               const DropoutState& state, std::int64_t layer);

}  // namespace quire::nn
