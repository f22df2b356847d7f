// Which parameter learns how fast, and AdamW.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "quire/nn/parameters.h"

namespace quire::train {

struct OptimizerOptions {
  double learning_rate = 5e-5;       // of the top encoder layer
  double head_learning_rate = 1e-4;  // of what is above it
  double layer_decay = 0.95;         // factor per layer down; the embeddings come last
  double weight_decay = 0.01;        // not for biases and norms
  double max_grad_norm = 1.0;        // 0: no clipping
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

// Parameters with one learning rate and one weight decay.
struct ParameterGroup {
  std::string name;  // "embeddings", "layer 3", "head"; with ", no decay" for biases and norms; "frozen",
                     // "unused"
  double learning_rate = 0;
  double weight_decay = 0;
  std::vector<std::size_t> members;  // indices into the model's parameters
  std::int64_t elements = 0;
};

// Every parameter is in exactly one group. `layers` is the encoder's.
[[nodiscard]] std::vector<ParameterGroup> group_parameters(const std::vector<nn::Parameter>& parameters,
                                                           std::int64_t layers,
                                                           const OptimizerOptions& options);

// A table for the user: one line a group, embeddings first.
[[nodiscard]] std::string describe_groups(const std::vector<ParameterGroup>& groups);

class LazyRows;

// AdamW with decoupled weight decay and bias correction (Loshchilov and Hutter 2019), and clipping
// of the global gradient norm. Equal to torch.optim.AdamW after torch.nn.utils.clip_grad_norm_. Works
// where the parameters live: one pass of a kernel of ours on a CPU, ATen's operations elsewhere. Tables that
// are marked as sparse may have sparse gradients (nn/look_up.h). Then a step leaves the rows alone that have
// none, and they are to catch up before anyone reads them.
class AdamW {
 public:
  AdamW(std::vector<nn::Parameter>& parameters, std::vector<ParameterGroup> groups,
        const OptimizerOptions& options);
  ~AdamW();
  AdamW(const AdamW&) = delete;
  AdamW& operator=(const AdamW&) = delete;

  // One optimiser step; `factor` scales every learning rate. Parameters without a gradient are
  // left alone. Gradients are dropped. Returns the global norm before clipping.
  double step(double factor);

  // Brings rows of every sparse table and their moments to where all steps so far lead; without a list
  // all rows. It does not matter to later bytes when or how often.
  void catch_up(std::span<const std::int64_t> rows);
  void catch_up();

  [[nodiscard]] std::int64_t steps_done() const { return steps_; }
  [[nodiscard]] const std::vector<ParameterGroup>& groups() const { return groups_; }

  // For checkpoints: both moments of every parameter, when all rows have caught up, and the number of steps
  // done.
  struct Moments {
    at::Tensor first, second;
  };
  [[nodiscard]] std::vector<Moments>& moments() { return moments_; }
  [[nodiscard]] const std::vector<Moments>& moments() const { return moments_; }
  void set_steps_done(std::int64_t steps) { steps_ = steps; }

 private:
  struct GroupStep;

  [[nodiscard]] double gradient_norm() const;
  [[nodiscard]] LazyRows& lazy_rows(std::size_t index);
  void step_by_kernel(const ParameterGroup& group, const GroupStep& step);
  void step_by_aten(const ParameterGroup& group, const GroupStep& step);

  std::vector<nn::Parameter>& parameters_;
  std::vector<ParameterGroup> groups_;
  OptimizerOptions options_;
  std::vector<Moments> moments_;
  std::vector<std::unique_ptr<LazyRows>> lazy_rows_;  // by parameter; null before its first sparse gradient
  std::int64_t steps_ = 0;
};

}  // namespace quire::train
