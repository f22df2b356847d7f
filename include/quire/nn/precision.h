// In which number format the products of linear layers are computed.
#pragma once

namespace quire::nn {

// Weights, activations between operations, sums and the optimiser's state are float32 either way.
enum class Precision {
  fp32,
  bf16,  // operands rounded to bfloat16 (to nearest, ties to even), sums in float32
  int8,  // prediction alone: operands rounded to 8-bit integers, the weight's with a scale for each output,
         // those of x with a scale and an offset for each row; exact sums
};

}  // namespace quire::nn
