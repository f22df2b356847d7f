// Copies and averages of a model's weights.
#pragma once

#include <vector>

#include "quire/nn/aten.h"
#include "quire/nn/parameters.h"
#include "train/checkpoint.h"

namespace quire::train {

[[nodiscard]] std::vector<at::Tensor> copy_weights(const std::vector<nn::Parameter>& parameters);
void set_weights(std::vector<nn::Parameter>& parameters, const std::vector<at::Tensor>& weights);

// One step of an exponential moving average. The decay starts low, (1 + t) / (10 + t) after step t, so
// that the average forgets where training began (as tf.train.ExponentialMovingAverage has it).
void update_averages(std::vector<at::Tensor>& averages, const std::vector<nn::Parameter>& parameters,
                     double decay, std::int64_t step);

// Puts the averages in place of the weights for as long as it lives. Without averages it does nothing.
class AveragedWeights {
 public:
  AveragedWeights(std::vector<nn::Parameter>& parameters, const std::vector<at::Tensor>& averages);
  ~AveragedWeights();
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;

 private:
  std::vector<nn::Parameter>& parameters_;
  std::vector<at::Tensor> kept_;
};

// Adds the weights after `epoch` to the best `most`, the best first and of equals the earlier.
void keep_snapshot(std::vector<Snapshot>& snapshots, std::size_t most, std::int64_t epoch, double rank,
                   const std::vector<nn::Parameter>& parameters);

// Mean of the snapshots' weights (Izmailov et al. 2018 average along a run's path in the same way).
[[nodiscard]] std::vector<at::Tensor> average(const std::vector<Snapshot>& snapshots);

}  // namespace quire::train
