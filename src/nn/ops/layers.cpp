#include "quire/nn/layers.h"

#include "nn/ops/linear.h"
#include "nn/ops/packed_weights.h"
#include "quire/nn/aten.h"

namespace quire::nn {

at::Tensor activate(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::gelu:
      return at::gelu(x);
    case Activation::gelu_tanh:
    case Activation::gelu_fast:  // the same function, written with sqrt(2/pi) rounded
      return at::gelu(x, "tanh");
    case Activation::quick_gelu:
      return x * at::sigmoid(1.702 * x);
    case Activation::relu:
      return at::relu(x);
    case Activation::silu:
      return at::silu(x);
    case Activation::tanh:
      return at::tanh(x);
  }
  return x;
}

Linear::Linear(const Scope& scope, std::int64_t in, std::int64_t out, Precision precision_in)
    : weight(scope.get("weight", {out, in}, Init::normal)),
      bias(scope.get("bias", {out}, Init::zeros)),
      precision(precision_in),
      packed(std::make_shared<PackedWeight>()),
      prediction(std::make_shared<PredictionWeight>()) {}

at::Tensor Linear::operator()(const at::Tensor& x) const { return linear(x, *this); }

Linear Linear::rows(std::int64_t first, std::int64_t count) const {
  Linear part = *this;
  part.weight = weight.narrow(0, first, count);
  part.bias = bias.narrow(0, first, count);
  part.packed = nullptr;
  part.prediction = nullptr;
  return part;
}

LayerNorm::LayerNorm(const Scope& scope, std::int64_t width)
    : gamma(scope.get("weight", {width}, Init::ones)), beta(scope.get("bias", {width}, Init::zeros)) {}

}  // namespace quire::nn
