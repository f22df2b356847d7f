// The bidirectional LSTM of a head.
#pragma once

#include <array>
#include <memory>

#include "nn/ops/linear.h"

namespace quire::nn {

// One layer over each sequence in both directions, with torch.nn.LSTM's parameters. On a CPU all tokens meet
// the input's weights in one product, and the steps, which wait for each other, run in tasks of one direction
// and up to 16 sequences. Operands are rounded to bfloat16 unless the precision is fp32, where the CPU has
// such products. Elsewhere, and as the reference, at::lstm runs, in float32. Results do not depend on the
// number of threads, but for ATen's products.
class BiLstm {
 public:
  BiLstm() = default;
  BiLstm(const Scope& scope, std::int64_t in, std::int64_t hidden, Precision precision);

  // x [T, in] to [T, 2 * hidden]: the forward direction's hidden states, then the backward one's.
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x, const PackedBatch& batch,
                                      Implementation implementation = Implementation::automatic) const;

 private:
  struct Direction {
    at::Tensor weight_input, weight_hidden;  // [4 * hidden, in], [4 * hidden, hidden]
    at::Tensor bias_input, bias_hidden;      // [4 * hidden]
    std::shared_ptr<PackedWeight> packed = std::make_shared<PackedWeight>();  // of weight_input
  };
  [[nodiscard]] at::Tensor sums(const Direction& direction, const at::Tensor& x) const;
  [[nodiscard]] at::Tensor aten(const at::Tensor& x, const PackedBatch& batch) const;

  std::int64_t hidden_ = 0;
  Precision precision_ = Precision::fp32;
  std::array<Direction, 2> directions_;
};

// The recurrence itself. sums [T, 4 * hidden] of each direction, what its gates get from the input and the
// biases; weights [4 * hidden, hidden]; result [T, 2 * hidden]. Float32 on a CPU;
// the precision is fp32, or bf16 where bf16_available().
[[nodiscard]] at::Tensor lstm_recurrence(const std::array<at::Tensor, 2>& sums,
                                         const std::array<at::Tensor, 2>& weights,
                                         const std::vector<std::int64_t>& offsets, Precision precision);

}  // namespace quire::nn
