// Which implementation of an operation runs.
#pragma once

#include <ATen/core/Tensor.h>

#include "quire/nn/ops.h"

namespace quire::nn {

// Whether our kernels work on x: float32 on a CPU, unless ATen's own operations are asked for.
[[nodiscard]] bool takes_kernels(const at::Tensor& x,
                                 Implementation implementation = Implementation::automatic);

}  // namespace quire::nn
