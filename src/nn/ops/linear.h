// Linear layers, in float32 or with operands rounded to bfloat16.
#pragma once

#include <mutex>

#include "quire/kernels/gemm.h"
#include "quire/nn/aten.h"
#include "quire/nn/layers.h"
#include "quire/nn/ops.h"

namespace quire::nn {

// A weight [out, in] as right operands of bfloat16 products, packed again when the weight's version
// counter has moved: once per optimiser step, and once in all for prediction.
class PackedWeight {
 public:
  // For x W': depth in, columns out.
  [[nodiscard]] kernels::Bf16Panels forward(const at::Tensor& weight);
  // For g W: depth out, columns in.
  [[nodiscard]] kernels::Bf16Panels backward(const at::Tensor& weight);

 private:
  struct Copy {
    at::Tensor panels;
    const void* source = nullptr;
    std::int64_t version = -1;
  };
  // Whether `copy` must be packed again; notes that it will be.
  [[nodiscard]] static bool claim(Copy& copy, const at::Tensor& weight, std::int64_t depth,
                                  std::int64_t columns);
  bool pack_both(const at::Tensor& weight);

  std::mutex mutex_;
  Copy forward_, backward_;
};

// x [rows, in] times weight [out, in] transposed, plus bias [out].
//
// With Precision::bf16 a device multiplies bfloat16 operands and sums in float32; the result is rounded
// to bfloat16 once, as under PyTorch's autocast. On a CPU without such kernels, and with
// Implementation::aten, the products are float32 ATen's on rounded operands. ATen's own bfloat16 product is
// never called on a CPU: it ends in an illegal instruction on machines that announce AMX and do not describe
// it.
[[nodiscard]] at::Tensor linear(const at::Tensor& x, const Linear& layer,
                                Implementation implementation = Implementation::automatic);

// gradient' x, the gradient of a layer's weight [out, in]: gradient [rows, out], x [rows, in], both
// contiguous on a CPU. With Precision::bf16, which needs bf16_available(), operands rounded; else float32.
[[nodiscard]] at::Tensor weight_gradient(const at::Tensor& gradient, const at::Tensor& x,
                                         Precision precision);

// outer(gelu(inner(x))) with the exact GELU (Hendrycks and Gimpel 2016): [rows, hidden] to
// [rows, hidden]. Bias, GELU and GELU's derivative take no pass over memory of their own. Both
// layers have one precision.
[[nodiscard]] at::Tensor feed_forward(const at::Tensor& x, const Linear& inner, const Linear& outer,
                                      Implementation implementation = Implementation::automatic);

}  // namespace quire::nn
