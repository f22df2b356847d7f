// Functions of one number that the compiler vectorises. In an anonymous namespace, since every file
// that includes this is compiled for an instruction set of its own.
#pragma once

#include <math.h>
#include <stdint.h>

namespace quire::kernels {
namespace {

// exp(x) for x <= 0 to 2 ulp: 2^n times a polynomial on [-ln2/2, ln2/2] (Cephes' coefficients).
inline float exponential(float x) {
  x = x < -87.0F ? -87.0F : x;
  const float n = floorf(x * 1.44269504F + 0.5F);
  const float r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  union {
    int32_t bits;
    float value;
  } power;
  power.bits = (static_cast<int32_t>(n) + 127) << 23;
  return p * power.value;
}

// 1 / (1 + exp(-x)) and tanh(x), to 1e-7 of 1.
inline float sigmoid(float x) {
  const float e = exponential(-fabsf(x));
  const float above = 1.0F / (1.0F + e);
  return x < 0.0F ? e * above : above;
}

inline float hyperbolic_tangent(float x) {
  const float e = exponential(-2.0F * fabsf(x));
  return copysignf((1.0F - e) / (1.0F + e), x);
}

struct Normal {
  float cumulative;  // Phi(x)
  float density;     // phi(x)
};

// The standard normal distribution, Phi to 1e-7: erf by Abramowitz and Stegun 7.1.26, which
// shares its exponential with the density.
inline Normal standard_normal(float x) {
  const float bell = exponential(-0.5F * x * x);
  const float t = 1.0F / (1.0F + 0.3275911F * 0.70710678F * fabsf(x));
  float p = 1.061405429F;
  p = p * t - 1.453152027F;
  p = p * t + 1.421413741F;
  p = p * t - 0.284496736F;
  p = p * t + 0.254829592F;
  const float tail = 0.5F * p * t * bell;
  return {x < 0.0F ? tail : 1.0F - tail, 0.39894228F * bell};
}

inline float gelu(float x) { return x * standard_normal(x).cumulative; }

inline float gelu_slope(float x) {
  const Normal normal = standard_normal(x);
  return normal.cumulative + x * normal.density;
}

}  // namespace
}  // namespace quire::kernels
