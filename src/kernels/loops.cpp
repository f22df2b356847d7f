// The loops themselves, written so that the compiler vectorises them: compiled once for each
// instruction set, with QUIRE_KERNEL_ISA as its name. Sums run in kLanes partial sums that are
// added in a fixed order, so a result depends on the length alone.
#include <math.h>
#include <stdint.h>

#include "kernels/math.h"
#include "kernels/philox.h"
#include "quire/kernels/kernels.h"

#define QUIRE_STRINGIFY(name) #name
#define QUIRE_NAME(name) QUIRE_STRINGIFY(name)

namespace quire::kernels {
namespace {

constexpr int kLanes = 16;

// The multipliers of whole groups of draws.
#if defined(__AVX512BW__)
class GroupMultipliers {
 public:
  GroupMultipliers(const DropoutStream& stream, DropoutRate rate)
      : draws_(stream, rate.threshold), scale_(_mm512_set1_ps(rate.scale)) {}
  void write(uint32_t group, float* out) const {
    uint32_t bits[4];
    draws_.group(group, bits);
    for (int64_t piece = 0; piece < kDraws / 16; ++piece) {
      const auto kept = static_cast<__mmask16>(bits[piece / 2] >> (piece % 2 * 16));
      _mm512_storeu_ps(out + piece * 16, _mm512_maskz_mov_ps(kept, scale_));
    }
  }

 private:
  KeptDraws draws_;
  __m512 scale_;
};
#else
class GroupMultipliers {
 public:
  GroupMultipliers(const DropoutStream& stream, DropoutRate rate) : stream_(stream), rate_(rate) {}
  void write(uint32_t group, float* out) const {
    uint16_t draws[kDraws];
    draw_group(group, stream_, draws);
    const auto threshold = static_cast<uint16_t>(rate_.threshold);
    for (int64_t i = 0; i < kDraws; ++i) out[i] = draws[i] < threshold ? 0.0F : rate_.scale;
  }

 private:
  const DropoutStream& stream_;
  DropoutRate rate_;
};
#endif

void keep_multipliers(float* out, int64_t first, int64_t count, const DropoutStream& stream,
                      DropoutRate rate) {
  const GroupMultipliers multipliers(stream, rate);
  const int64_t end = first + count;
  for (int64_t group = first / kDraws; group * kDraws < end; ++group) {
    const int64_t start = group * kDraws - first;
    if (start >= 0 && start + kDraws <= count) {
      multipliers.write(static_cast<uint32_t>(group), out + start);
      continue;
    }
    float whole[kDraws];
    multipliers.write(static_cast<uint32_t>(group), whole);
    const int64_t from = start < 0 ? -start : 0;
    const int64_t to = count - start < kDraws ? count - start : kDraws;
    for (int64_t i = from; i < to; ++i) out[start + i] = whole[i];
  }
}

float total(const float* lanes) {
  float half[8];
  for (int i = 0; i < 8; ++i) half[i] = lanes[i] + lanes[i + 8];
  return ((half[0] + half[4]) + (half[2] + half[6])) + ((half[1] + half[5]) + (half[3] + half[7]));
}

// Calls body(index, lane) for all indices below width, with a full inner loop over the lanes.
template <typename Body>
void for_lanes(int64_t width, Body body) {
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) body(i + lane, lane);
  }
  for (int lane = 0; i < width; ++i, ++lane) body(i, lane);
}

void add_layer_norm(const float* x, const float* multipliers, const float* residual, const float* gamma,
                    const float* beta, float epsilon, int64_t width, float* sum, float* y, float* mean_out,
                    float* rstd_out) {
  if (multipliers != nullptr && residual != nullptr) {
    for (int64_t i = 0; i < width; ++i) sum[i] = x[i] * multipliers[i] + residual[i];
  } else if (residual != nullptr) {
    for (int64_t i = 0; i < width; ++i) sum[i] = x[i] + residual[i];
  } else if (multipliers != nullptr) {
    for (int64_t i = 0; i < width; ++i) sum[i] = x[i] * multipliers[i];
  } else if (sum != x) {
    for (int64_t i = 0; i < width; ++i) sum[i] = x[i];
  }
  float lanes[kLanes] = {};
  for_lanes(width, [&](int64_t i, int lane) { lanes[lane] += sum[i]; });
  const float mean = total(lanes) / static_cast<float>(width);
  float squares[kLanes] = {};
  for_lanes(width, [&](int64_t i, int lane) { squares[lane] += (sum[i] - mean) * (sum[i] - mean); });
  const float rstd = 1.0F / sqrtf(total(squares) / static_cast<float>(width) + epsilon);
  for (int64_t i = 0; i < width; ++i) y[i] = (sum[i] - mean) * rstd * gamma[i] + beta[i];
  *mean_out = mean;
  *rstd_out = rstd;
}

void layer_norm_backward(const float* __restrict grad_y, const float* __restrict sum,
                         const float* __restrict gamma, float mean, float rstd, int64_t width,
                         float* __restrict grad_sum, float* __restrict grad_gamma,
                         float* __restrict grad_beta) {
  float lanes[kLanes] = {};
  float projected[kLanes] = {};
  for_lanes(width, [&](int64_t i, int lane) {
    const float normalised = (sum[i] - mean) * rstd;
    const float scaled = grad_y[i] * gamma[i];
    lanes[lane] += scaled;
    projected[lane] += scaled * normalised;
  });
  const float average = total(lanes) / static_cast<float>(width);
  const float slope = total(projected) / static_cast<float>(width);
  for (int64_t i = 0; i < width; ++i) {
    const float normalised = (sum[i] - mean) * rstd;
    grad_gamma[i] += grad_y[i] * normalised;
    grad_beta[i] += grad_y[i];
    grad_sum[i] = rstd * (grad_y[i] * gamma[i] - average - normalised * slope);
  }
}

void softmax(float* x, int64_t width, float scale) {
  float highest[kLanes];
  for (float& lane : highest) lane = x[0];
  for_lanes(width, [&](int64_t i, int lane) { highest[lane] = x[i] > highest[lane] ? x[i] : highest[lane]; });
  float max = highest[0];
  for (int lane = 1; lane < kLanes; ++lane) max = highest[lane] > max ? highest[lane] : max;
  float lanes[kLanes] = {};
  for_lanes(width, [&](int64_t i, int lane) {
    const float e = exponential(scale * (x[i] - max));
    x[i] = e;
    lanes[lane] += e;
  });
  const float inverse = 1.0F / total(lanes);
  for (int64_t i = 0; i < width; ++i) x[i] *= inverse;
}

void softmax_backward(const float* p, float* grad, int64_t width, float scale) {
  float lanes[kLanes] = {};
  for_lanes(width, [&](int64_t i, int lane) { lanes[lane] += p[i] * grad[i]; });
  const float dot = total(lanes);
  for (int64_t i = 0; i < width; ++i) grad[i] = p[i] * (grad[i] - dot) * scale;
}

void bias_gelu(float* __restrict sum, const float* __restrict bias, float* __restrict out, int64_t width) {
  for (int64_t i = 0; i < width; ++i) {
    sum[i] += bias[i];
    out[i] = gelu(sum[i]);
  }
}

void gelu_backward(const float* __restrict sum, float* __restrict grad, float* __restrict grad_bias,
                   int64_t width) {
  for (int64_t i = 0; i < width; ++i) {
    grad[i] *= gelu_slope(sum[i]);
    grad_bias[i] += grad[i];
  }
}

void lstm_cell(const float* __restrict sums, const float* __restrict recurrent, int64_t width,
               float* __restrict gates, const float* cell_before, float* cell, float* __restrict hidden) {
  for (int64_t i = 0; i < width; ++i) {
    const float input = sigmoid(sums[i] + recurrent[i]);
    const float forget = sigmoid(sums[width + i] + recurrent[width + i]);
    const float candidate = hyperbolic_tangent(sums[2 * width + i] + recurrent[2 * width + i]);
    const float output = sigmoid(sums[3 * width + i] + recurrent[3 * width + i]);
    gates[i] = input;
    gates[width + i] = forget;
    gates[2 * width + i] = candidate;
    gates[3 * width + i] = output;
    const float next = forget * cell_before[i] + input * candidate;
    cell[i] = next;
    hidden[i] = output * hyperbolic_tangent(next);
  }
}

void lstm_cell_backward(const float* __restrict gates, const float* __restrict cell_before,
                        const float* __restrict cell, const float* __restrict grad_output,
                        const float* __restrict grad_hidden, int64_t width, float* __restrict grad_cell,
                        float* __restrict grad_sums) {
  for (int64_t i = 0; i < width; ++i) {
    const float input = gates[i];
    const float forget = gates[width + i];
    const float candidate = gates[2 * width + i];
    const float output = gates[3 * width + i];
    const float squashed = hyperbolic_tangent(cell[i]);
    const float grad = grad_output[i] + grad_hidden[i];
    const float grad_here = grad_cell[i] + grad * output * (1.0F - squashed * squashed);
    grad_sums[i] = grad_here * candidate * input * (1.0F - input);
    grad_sums[width + i] = grad_here * cell_before[i] * forget * (1.0F - forget);
    grad_sums[2 * width + i] = grad_here * input * (1.0F - candidate * candidate);
    grad_sums[3 * width + i] = grad * squashed * output * (1.0F - output);
    grad_cell[i] = grad_here * forget;
  }
}

void multiply(float* x, const float* multipliers, int64_t count) {
  for (int64_t i = 0; i < count; ++i) x[i] *= multipliers[i];
}

double sum_of_squares(const float* x, int64_t count) {
  double lanes[kLanes] = {};
  for_lanes(count, [&](int64_t i, int lane) {
    lanes[lane] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  });
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

// What one step multiplies by.
struct AdamWFactors {
  float decay, size, inverse_correction;
  explicit AdamWFactors(const AdamWStep& step)
      : decay(1.0F - step.learning_rate * step.weight_decay),
        size(step.learning_rate / step.bias_correction1),
        inverse_correction(1.0F / step.bias_correction2_sqrt) {}
};

void adamw_loop(float* __restrict weights, const float* __restrict gradients, float* __restrict first_moment,
                float* __restrict second_moment, int64_t count, const AdamWStep& step) {
  const AdamWFactors factors(step);
  for (int64_t i = 0; i < count; ++i) {
    const float gradient = gradients[i] * step.gradient_scale;
    const float m = first_moment[i] + step.complement1 * (gradient - first_moment[i]);
    const float v = step.beta2 * second_moment[i] + step.complement2 * gradient * gradient;
    first_moment[i] = m;
    second_moment[i] = v;
    weights[i] = weights[i] * factors.decay -
                 factors.size * m / (sqrtf(v) * factors.inverse_correction + step.epsilon);
  }
}

#if defined(__AVX512F__)
// 1 / x and sqrt(x), x >= 0, from approximations of 14 bits improved once: 2^-27. The CPU's own root and
// quotient take longer than fetching the numbers.
inline __m512 reciprocal(__m512 x) {
  const __m512 guess = _mm512_rcp14_ps(x);
  return _mm512_mul_ps(guess, _mm512_fnmadd_ps(x, guess, _mm512_set1_ps(2.0F)));
}
inline __m512 square_root(__m512 x) {
  const __m512 guess = _mm512_rsqrt14_ps(x);
  const __m512 root = _mm512_mul_ps(x, guess);
  const __m512 half = _mm512_mul_ps(guess, _mm512_set1_ps(0.5F));
  const __m512 better = _mm512_fmadd_ps(_mm512_fnmadd_ps(root, root, x), half, root);
  return _mm512_mask_mov_ps(x, _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NEQ_UQ), better);
}

void adamw(float* __restrict weights, const float* __restrict gradients, float* __restrict first_moment,
           float* __restrict second_moment, int64_t count, AdamWStep step) {
  const AdamWFactors factors(step);
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m512 gradient =
        _mm512_mul_ps(_mm512_loadu_ps(gradients + i), _mm512_set1_ps(step.gradient_scale));
    const __m512 before = _mm512_loadu_ps(first_moment + i);
    const __m512 m =
        _mm512_fmadd_ps(_mm512_set1_ps(step.complement1), _mm512_sub_ps(gradient, before), before);
    const __m512 v =
        _mm512_fmadd_ps(_mm512_mul_ps(_mm512_set1_ps(step.complement2), gradient), gradient,
                        _mm512_mul_ps(_mm512_set1_ps(step.beta2), _mm512_loadu_ps(second_moment + i)));
    const __m512 divisor = _mm512_fmadd_ps(square_root(v), _mm512_set1_ps(factors.inverse_correction),
                                           _mm512_set1_ps(step.epsilon));
    const __m512 update = _mm512_mul_ps(_mm512_mul_ps(_mm512_set1_ps(factors.size), m), reciprocal(divisor));
    _mm512_storeu_ps(first_moment + i, m);
    _mm512_storeu_ps(second_moment + i, v);
    _mm512_storeu_ps(weights + i,
                     _mm512_fmsub_ps(_mm512_loadu_ps(weights + i), _mm512_set1_ps(factors.decay), update));
  }
  adamw_loop(weights + i, gradients + i, first_moment + i, second_moment + i, count - i, step);
}
#else
void adamw(float* __restrict weights, const float* __restrict gradients, float* __restrict first_moment,
           float* __restrict second_moment, int64_t count, AdamWStep step) {
  adamw_loop(weights, gradients, first_moment, second_moment, count, step);
}
#endif

// Of |m| / sqrt(v). From there on the momentum would move a weight by 1e-4 learning rates in all, as the
// updates that are left are a geometric series. A momentum lasts some 100 steps.
constexpr float kSpentMomentum = 1e-5F;

// One step without a gradient, its moments rounded as in adamw. Whether any momentum is left.
bool coast(float* __restrict weights, float* __restrict first_moment, float* __restrict second_moment,
           int64_t count, const AdamWStep& step) {
  const AdamWFactors factors(step);
  int moving = 0;
  for (int64_t i = 0; i < count; ++i) {
    const float kept = first_moment[i] + step.complement1 * (0.0F - first_moment[i]);
    const float v = step.beta2 * second_moment[i];
    const float root = sqrtf(v);
    const float m = fabsf(kept) > kSpentMomentum * root ? kept : 0.0F;
    moving |= m != 0.0F ? 1 : 0;
    first_moment[i] = m;
    second_moment[i] = v;
    weights[i] =
        weights[i] * factors.decay - factors.size * m / (root * factors.inverse_correction + step.epsilon);
  }
  return moving != 0;
}

void adamw_missed(float* __restrict weights, float* __restrict first_moment, float* __restrict second_moment,
                  int64_t count, const AdamWStep* steps, int64_t missed) {
  int64_t done = 0;
  for (bool moving = true; moving && done < missed; ++done)
    moving = coast(weights, first_moment, second_moment, count, steps[done]);
  // What is left is one product a step. Four at a time, but still one after another: a product of decays
  // would depend on where the steps are cut.
  constexpr int64_t kAtATime = 4;
  for (; done < missed; done += kAtATime) {
    float decay[kAtATime];
    float beta2[kAtATime];
    for (int64_t k = 0; k < kAtATime; ++k) {
      const bool left = done + k < missed;
      decay[k] = left ? 1.0F - steps[done + k].learning_rate * steps[done + k].weight_decay : 1.0F;
      beta2[k] = left ? steps[done + k].beta2 : 1.0F;
    }
    for (int64_t i = 0; i < count; ++i) {
      weights[i] = weights[i] * decay[0] * decay[1] * decay[2] * decay[3];
      second_moment[i] = second_moment[i] * beta2[0] * beta2[1] * beta2[2] * beta2[3];
    }
  }
}

}  // namespace

extern const Table QUIRE_KERNEL_ISA;
const Table QUIRE_KERNEL_ISA = {QUIRE_NAME(QUIRE_KERNEL_ISA),
                                keep_multipliers,
                                add_layer_norm,
                                layer_norm_backward,
                                softmax,
                                softmax_backward,
                                bias_gelu,
                                gelu_backward,
                                lstm_cell,
                                lstm_cell_backward,
                                multiply,
                                sum_of_squares,
                                adamw,
                                adamw_missed};

}  // namespace quire::kernels
