// CPU loops that ATen has no fused form for, in versions for several instruction sets.
//
// Each loop exists once in source (src/kernels/loops.cpp), is compiled per instruction set and
// chosen when first asked for. Results do not depend on the number of threads: callers cut work
// into pieces of fixed size. Arrays are float32 and need no alignment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quire::kernels {

// Names one sequence of dropout decisions. Element e of a document at a site is kept or not
// whatever batch, thread or accumulation step it is computed in.
struct DropoutStream {
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;     // 24 bits; the top 8 hold the pass (two for R-Drop)
  std::uint32_t document = 0;  // row number in the training table
  std::uint32_t site = 0;      // where in the network: see nn::dropout_site
};

// Dropout probability as the kernels draw it: 16 random bits against a threshold.
struct DropoutRate {
  // probability in [0, 1); 0 keeps everything. The rate in effect is threshold / 65536, and
  // kept values are scaled by exactly its complement's inverse.
  explicit DropoutRate(double probability = 0);
  std::uint32_t threshold;  // a 16-bit draw below it drops
  float scale;              // of what is kept
};

struct AdamWStep {
  float learning_rate, beta2, epsilon, weight_decay;
  float complement1, complement2;                 // 1 - beta1, 1 - beta2, rounded once
  float bias_correction1, bias_correction2_sqrt;  // 1 - beta1^t, sqrt(1 - beta2^t)
  float gradient_scale;                           // of clipping
};

struct Table {
  const char* name;

  // out[i] = 0 or rate.scale for elements first .. first + count.
  void (*keep_multipliers)(float* out, std::int64_t first, std::int64_t count, const DropoutStream& stream,
                           DropoutRate rate);

  // sum = x * multipliers + residual (either may be null: ones, zeros);
  // y = (sum - mean) * rstd * gamma + beta over `width` elements. sum and y may be x.
  void (*add_layer_norm)(const float* x, const float* multipliers, const float* residual, const float* gamma,
                         const float* beta, float epsilon, std::int64_t width, float* sum, float* y,
                         float* mean, float* rstd);

  // Gradient of y with respect to sum; adds to gradients of gamma and beta.
  void (*layer_norm_backward)(const float* grad_y, const float* sum, const float* gamma, float mean,
                              float rstd, std::int64_t width, float* grad_sum, float* grad_gamma,
                              float* grad_beta);

  // x[i] = exp(scale * x[i] - max) / total, in place, over `width` elements.
  void (*softmax)(float* x, std::int64_t width, float scale);

  // grad[i] = p[i] * (grad[i] - sum(p * grad)) * scale, in place.
  void (*softmax_backward)(const float* p, float* grad, std::int64_t width, float scale);

  // sum[i] += bias[i]; out[i] = gelu(sum[i]), the exact GELU to 1e-7.
  void (*bias_gelu)(float* sum, const float* bias, float* out, std::int64_t width);

  // grad[i] *= gelu'(sum[i]), added to grad_bias[i].
  void (*gelu_backward)(const float* sum, float* grad, float* grad_bias, std::int64_t width);

  // One step of an LSTM (Hochreiter and Schmidhuber 1997, with Gers et al.'s forget gate) of `width` cells.
  // sums, recurrent, gates [4 * width] in torch.nn.LSTM's order: input, forget, candidate, output.
  // gates = sigmoid or, of the candidate, tanh of sums + recurrent;
  // cell = forget * cell_before + input * candidate (may be cell_before); hidden = output * tanh(cell).
  void (*lstm_cell)(const float* sums, const float* recurrent, std::int64_t width, float* gates,
                    const float* cell_before, float* cell, float* hidden);

  // Gradient of sums [4 * width] where hidden's is grad_output + grad_hidden; grad_cell, of the cell, becomes
  // that of cell_before.
  void (*lstm_cell_backward)(const float* gates, const float* cell_before, const float* cell,
                             const float* grad_output, const float* grad_hidden, std::int64_t width,
                             float* grad_cell, float* grad_sums);

  // x[i] *= multipliers[i]
  void (*multiply)(float* x, const float* multipliers, std::int64_t count);

  // Sum of squares in double, in an order that depends on count alone.
  double (*sum_of_squares)(const float* x, std::int64_t count);

  // One AdamW step (Loshchilov and Hutter 2019) on `count` weights, as torch.optim.AdamW.
  void (*adamw)(float* weights, const float* gradients, float* first_moment, float* second_moment,
                std::int64_t count, AdamWStep step);

  // The same for `missed` steps, one after another, in which the gradient was zero. A momentum too small to
  // move its weight any more is dropped. How the steps are cut into calls does not matter.
  void (*adamw_missed)(float* weights, float* first_moment, float* second_moment, std::int64_t count,
                       const AdamWStep* steps, std::int64_t missed);
};

// The best table this CPU runs, or the one QUIRE_ISA=baseline|avx2|avx512|avx512_vnni|avx512_bf16|amx|aten
// asks for if it runs here (an environment variable, for tests; avx512_vnni, avx512_bf16 and amx are about
// gemm.h and int8.h). Throws InputError for an unknown name.
[[nodiscard]] const Table& table();

// Whether QUIRE_ISA=aten asks for ATen's own operations wherever there is a choice (nn/ops.h): the path
// of other devices, on a CPU.
[[nodiscard]] bool aten_only();

// All tables this CPU runs, the plainest first.
[[nodiscard]] std::vector<const Table*> available_tables();

// One sentence: what was chosen and why.
[[nodiscard]] std::string choice();

}  // namespace quire::kernels
