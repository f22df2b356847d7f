#include "nn/ops/packed_weights.h"

namespace quire::nn {
namespace {

at::Tensor steps_per_unit(const at::Tensor& scale) {
  return at::where(scale > 0, 1 / scale, at::zeros_like(scale));
}

// Rows to 0 .. 255 between their least and largest number (or 0) and back.
at::Tensor coded_rows(const at::Tensor& x) {
  const at::Tensor least = x.amin({1}, true).clamp_max(0);
  const at::Tensor scale = (x.amax({1}, true).clamp_min(0) - least) / 255;
  const at::Tensor zero = at::floor(0.5 - least * steps_per_unit(scale));
  const at::Tensor integers = at::floor(x * steps_per_unit(scale) + zero + 0.5).clamp(0, 255);
  return (integers - zero) * scale;
}

// Rows to -127 .. 127 and back, zero at 0.
at::Tensor coded_weight(const at::Tensor& weight) {
  const at::Tensor scale = weight.abs().amax({1}, true) / 127;
  return at::trunc(weight * steps_per_unit(scale) + 0.5 * weight.sign()).clamp(-127, 127) * scale;
}

}  // namespace

at::Tensor int8_linear(const at::Tensor& x, const Linear& layer) {
  return at::addmm(layer.bias, coded_rows(x), coded_weight(layer.weight).t());
}

}  // namespace quire::nn
