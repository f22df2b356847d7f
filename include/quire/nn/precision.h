// In which number format the products of linear layers are computed.
#pragma once

namespace quire::nn {

// Weights, activations between operations, sums and the optimiser's state are float32 either way.
enum class Precision {
  fp32,
  bf16,  // operands rounded to bfloat16 (to nearest, ties to even), sums in float32
};

}  // namespace quire::nn
