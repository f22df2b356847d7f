// The largest value of each filter over the places it can stand at in a document (Kim 2014), in one
// operation: no value of a place but the largest is kept, and the backward pass touches that place alone.
#pragma once

#include "quire/nn/aten.h"
#include "quire/nn/ops.h"

namespace quire::nn {

// x [T, dim] the words of B documents, document b in rows offsets[b] .. offsets[b + 1]; weight
// [width, filters, dim]; bias [filters]. A filter never stands across two documents; in a document shorter
// than it, it stands once and meets zeros beyond the end. Result [B, filters]:
//   relu(bias + max over places p of sum over k of weight[k] . x[p + k])
// On a CPU in float32 the result does not depend on the number of threads, but for ATen's product;
// elsewhere its twin of plain ATen operations runs.
[[nodiscard]] at::Tensor convolve_max(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                                      const std::vector<std::int64_t>& offsets,
                                      Implementation implementation = Implementation::automatic);

}  // namespace quire::nn
