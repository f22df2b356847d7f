// Layers without gradients, on blocks of rows: see kernels/fixed_weight.h.
#pragma once

#include <memory>
#include <mutex>

#include "quire/kernels/fixed_weight.h"
#include "quire/nn/aten.h"
#include "quire/nn/layers.h"

namespace quire::nn {

// The format in which a weight of a layer of this precision is packed.
[[nodiscard]] kernels::WeightFormat weight_format(Precision precision);

// A layer's weight as prediction takes it, packed again when the tensor's version counter has moved:
// once in all, but for a model that trains between two predictions.
class PredictionWeight {
 public:
  [[nodiscard]] const kernels::FixedWeight& get(const at::Tensor& weight, kernels::WeightFormat format);

 private:
  std::mutex mutex_;
  std::unique_ptr<kernels::FixedWeight> fixed_;
  const void* source_ = nullptr;
  std::int64_t version_ = -1;
};

// The twin of a layer with Precision::int8, for any device: x and the weight rounded to integers and
// back, the product in float32.
[[nodiscard]] at::Tensor int8_linear(const at::Tensor& x, const Linear& layer);

}  // namespace quire::nn
