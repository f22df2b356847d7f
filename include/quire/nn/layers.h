// The layers that models are made of: their tensors, by name.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "quire/hub/config.h"
#include "quire/nn/parameters.h"
#include "quire/nn/precision.h"

namespace quire::nn {

class PackedWeight;
class PredictionWeight;

struct Linear {
  Linear() = default;
  Linear(const Scope& scope, std::int64_t in, std::int64_t out, Precision precision = Precision::fp32);
  // [rows, in] to [rows, out]
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x) const;
  // The layer of some of the outputs alone: a view, without copies of the weight.
  [[nodiscard]] Linear rows(std::int64_t first, std::int64_t count) const;

  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out]
  Precision precision = Precision::fp32;
  std::shared_ptr<PackedWeight> packed;          // made by the kernels for bf16, see src/nn/ops/linear.h
  std::shared_ptr<PredictionWeight> prediction;  // see src/nn/ops/packed_weights.h
};

struct LayerNorm {
  LayerNorm() = default;
  LayerNorm(const Scope& scope, std::int64_t width);

  at::Tensor gamma, beta;  // [width]
};

// The activation function on any tensor.
[[nodiscard]] at::Tensor activate(const at::Tensor& x, Activation activation);

}  // namespace quire::nn
