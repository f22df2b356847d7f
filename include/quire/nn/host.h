// Where the values of tensors are read and written as plain numbers: the only way between a device's
// memory and ours, but for batches (nn/batch.h), labels and probabilities.
#pragma once

#include <span>
#include <vector>

#include "quire/nn/aten.h"

namespace quire::nn {

// Float32 values of tensors of any device, for as long as it lives.
class HostValues {
 public:
  [[nodiscard]] std::span<const float> operator()(const at::Tensor& tensor) {
    kept_.push_back(tensor.detach().to(at::kCPU).contiguous());
    return {kept_.back().const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
  }

 private:
  std::vector<at::Tensor> kept_;
};

// Calls change(std::span<float>) for the values of a contiguous float32 tensor of any device. What was
// derived from the old ones, such as packed copies, is out of date after it.
template <typename Change>
void change_values(const at::Tensor& tensor, Change change) {
  const at::NoGradGuard no_grad;
  const at::Tensor host = tensor.detach().to(at::kCPU);
  change(std::span<float>(host.mutable_data_ptr<float>(), static_cast<std::size_t>(host.numel())));
  if (!tensor.is_cpu()) tensor.copy_(host);
  tensor.unsafeGetTensorImpl()->bump_version();
}

// The same where every value is set.
template <typename Fill>
void fill_values(const at::Tensor& tensor, Fill fill) {
  if (tensor.is_cpu()) return change_values(tensor, fill);
  const at::NoGradGuard no_grad;
  const at::Tensor host = at::empty(tensor.sizes(), at::kFloat);
  change_values(host, fill);
  tensor.copy_(host);
}

}  // namespace quire::nn
