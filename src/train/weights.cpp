#include "train/weights.h"

#include <algorithm>

namespace quire::train {

std::vector<at::Tensor> copy_weights(const std::vector<nn::Parameter>& parameters) {
  std::vector<at::Tensor> weights;
  weights.reserve(parameters.size());
  for (const nn::Parameter& parameter : parameters) weights.push_back(parameter.value.detach().clone());
  return weights;
}

void set_weights(std::vector<nn::Parameter>& parameters, const std::vector<at::Tensor>& weights) {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < weights.size(); ++i) parameters[i].value.copy_(weights[i]);
}

void update_averages(std::vector<at::Tensor>& averages, const std::vector<nn::Parameter>& parameters,
                     double decay, std::int64_t step) {
  const at::NoGradGuard no_grad;
  if (averages.empty()) averages = copy_weights(parameters);
  const auto t = static_cast<double>(step);
  const double share = 1 - std::min(decay, (1 + t) / (10 + t));
  for (std::size_t i = 0; i < averages.size(); ++i) averages[i].lerp_(parameters[i].value, share);
}

AveragedWeights::AveragedWeights(std::vector<nn::Parameter>& parameters,
                                 const std::vector<at::Tensor>& averages)
    : parameters_(parameters) {
  if (averages.empty()) return;
  kept_ = copy_weights(parameters);
  set_weights(parameters_, averages);
}

AveragedWeights::~AveragedWeights() { set_weights(parameters_, kept_); }

void keep_snapshot(std::vector<Snapshot>& snapshots, std::size_t most, std::int64_t epoch, double rank,
                   const std::vector<nn::Parameter>& parameters) {
  const auto place = std::find_if(snapshots.begin(), snapshots.end(),
                                  [&](const Snapshot& other) { return other.rank < rank; });
  if (place == snapshots.end() && snapshots.size() == most) return;
  snapshots.insert(place, {epoch, rank, copy_weights(parameters)});
  if (snapshots.size() > most) snapshots.pop_back();
}

std::vector<at::Tensor> average(const std::vector<Snapshot>& snapshots) {
  std::vector<at::Tensor> mean = snapshots.front().weights;
  if (snapshots.size() == 1) return mean;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    mean[i] = mean[i].clone();
    for (std::size_t k = 1; k < snapshots.size(); ++k) mean[i].add_(snapshots[k].weights[i]);
    mean[i].div_(static_cast<double>(snapshots.size()));
  }
  return mean;
}

}  // namespace quire::train
