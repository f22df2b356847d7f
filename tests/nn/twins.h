// Compares an operation with its twin of plain ATen operations, forward and backward.
#pragma once

#include "nn/golden.h"
#include "quire/nn/ops.h"

namespace quire::test {

// Sequences of these lengths, without ids.
inline nn::PackedBatch batch_of(const std::vector<std::int64_t>& lengths) {
  nn::PackedBatch batch;
  batch.offsets.push_back(0);
  for (const std::int64_t length : lengths) {
    batch.offsets.push_back(batch.offsets.back() + length);
    batch.documents.push_back(static_cast<std::uint32_t>(100 + batch.documents.size()));
  }
  return batch;
}

inline const nn::DropoutState kDropout{.active = true, .seed = 11, .epoch = 3, .pass = 0};

struct Outcome {
  at::Tensor value;
  std::vector<at::Tensor> gradients;
};

// `function` of copies of the inputs, and their gradients when the result is weighted by `weights` and
// summed.
template <typename Function>
Outcome run(const std::vector<at::Tensor>& inputs, const at::Tensor& weights, Function function) {
  std::vector<at::Tensor> leaves;
  for (const at::Tensor& input : inputs) leaves.push_back(input.clone().requires_grad_());
  Outcome outcome{function(leaves), {}};
  (outcome.value * weights).sum().backward();
  for (const at::Tensor& leaf : leaves) outcome.gradients.push_back(leaf.grad());
  return outcome;
}

inline void expect_close(const Outcome& found, const Outcome& expected, double forward = 1e-6,
                         double backward = 1e-5) {
  EXPECT_LE(relative_error(found.value, expected.value), forward);
  for (std::size_t i = 0; i < expected.gradients.size(); ++i) {
    EXPECT_LE(relative_error(found.gradients[i], expected.gradients[i]), backward) << "input " << i;
  }
}

template <typename Function>
void expect_same_with_one_and_two_threads(Function function) {
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Outcome one = function();
  at::set_num_threads(2);
  const Outcome two = function();
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(one.value, two.value));
  for (std::size_t i = 0; i < one.gradients.size(); ++i)
    EXPECT_TRUE(at::equal(one.gradients[i], two.gradients[i])) << "input " << i;
}

}  // namespace quire::test
