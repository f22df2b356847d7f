#include "quire/train/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "nn/aten.h"
#include "quire/base/profile.h"
#include "quire/kernels/kernels.h"

namespace quire::train {
namespace {

// Pieces of fixed size: sums over them do not depend on the number of threads.
constexpr std::int64_t kPiece = std::int64_t{1} << 16;

std::string depth_name(std::int64_t depth, std::int64_t layers) {
  if (depth == 0) return "embeddings";
  if (depth > layers) return "head";
  return fmt::format("layer {}", depth - 1);
}

}  // namespace

std::vector<ParameterGroup> group_parameters(const std::vector<nn::Parameter>& parameters,
                                             std::int64_t layers, const OptimizerOptions& options) {
  // By depth, then no decay; what is frozen comes last.
  std::map<std::pair<std::int64_t, bool>, ParameterGroup> groups;
  constexpr std::int64_t kFrozen = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const nn::Parameter& parameter = parameters[i];
    ParameterGroup& group =
        parameter.frozen ? groups[{kFrozen, false}] : groups[{parameter.depth, !parameter.decay}];
    if (group.members.empty() && parameter.frozen) {
      group.name = "frozen";
    } else if (group.members.empty()) {
      group.name = depth_name(parameter.depth, layers) + (parameter.decay ? "" : ", no decay");
      group.learning_rate =
          parameter.depth > layers
              ? options.head_learning_rate
              : options.learning_rate *
                    std::pow(options.layer_decay, static_cast<double>(layers - parameter.depth));
      group.weight_decay = parameter.decay ? options.weight_decay : 0.0;
    }
    group.members.push_back(i);
    group.elements += parameter.value.numel();
  }
  std::vector<ParameterGroup> result;
  for (auto& [key, group] : groups) result.push_back(std::move(group));
  return result;
}

std::string describe_groups(const std::vector<ParameterGroup>& groups) {
  std::string text = fmt::format("{:<22}{:>14}{:>14}{:>9}{:>14}", "parameter group", "learning rate",
                                 "weight decay", "tensors", "parameters");
  std::int64_t tensors = 0;
  std::int64_t elements = 0;
  for (const ParameterGroup& group : groups) {
    text += fmt::format("\n{:<22}{:>14.3g}{:>14.3g}{:>9}{:>14}", group.name, group.learning_rate,
                        group.weight_decay, group.members.size(), group.elements);
    tensors += static_cast<std::int64_t>(group.members.size());
    elements += group.elements;
  }
  return text + fmt::format("\n{:<22}{:>14}{:>14}{:>9}{:>14}", "all", "", "", tensors, elements);
}

AdamW::AdamW(std::vector<nn::Parameter>& parameters, std::vector<ParameterGroup> groups,
             const OptimizerOptions& options)
    : parameters_(parameters), groups_(std::move(groups)), options_(options) {
  for (const nn::Parameter& parameter : parameters_) {
    moments_.push_back(
        {at::zeros(parameter.value.sizes(), at::kFloat), at::zeros(parameter.value.sizes(), at::kFloat)});
  }
}

double AdamW::gradient_norm() const {
  double sum = 0;
  std::vector<double> pieces;
  for (const nn::Parameter& parameter : parameters_) {
    const at::Tensor gradient = parameter.value.grad();
    if (!gradient.defined()) continue;
    const at::Tensor dense = gradient.contiguous();
    const auto* data = dense.const_data_ptr<float>();
    const std::int64_t count = dense.numel();
    pieces.assign(static_cast<std::size_t>((count + kPiece - 1) / kPiece), 0.0);
    at::parallel_for(0, static_cast<std::int64_t>(pieces.size()), 1,
                     [&](std::int64_t begin, std::int64_t end) {
                       for (std::int64_t piece = begin; piece < end; ++piece) {
                         pieces[static_cast<std::size_t>(piece)] = kernels::table().sum_of_squares(
                             data + piece * kPiece, std::min(kPiece, count - piece * kPiece));
                       }
                     });
    for (const double piece : pieces) sum += piece;
  }
  return std::sqrt(sum);
}

double AdamW::step(double factor) {
  const Span span("clipping and AdamW");
  const at::NoGradGuard no_grad;
  const double norm = gradient_norm();
  const bool clip = options_.max_grad_norm > 0 && norm + 1e-6 > options_.max_grad_norm;
  ++steps_;
  const auto t = static_cast<double>(steps_);
  kernels::AdamWStep step{};
  step.complement1 = static_cast<float>(1.0 - options_.beta1);
  step.complement2 = static_cast<float>(1.0 - options_.beta2);
  step.beta2 = static_cast<float>(options_.beta2);
  step.epsilon = static_cast<float>(options_.epsilon);
  step.bias_correction1 = static_cast<float>(1.0 - std::pow(options_.beta1, t));
  step.bias_correction2_sqrt = static_cast<float>(std::sqrt(1.0 - std::pow(options_.beta2, t)));
  // torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6 too.
  step.gradient_scale = clip ? static_cast<float>(options_.max_grad_norm / (norm + 1e-6)) : 1.0F;
  for (const ParameterGroup& group : groups_) {
    step.learning_rate = static_cast<float>(group.learning_rate * factor);
    step.weight_decay = static_cast<float>(group.weight_decay);
    for (const std::size_t index : group.members) {
      nn::Parameter& parameter = parameters_[index];
      if (!parameter.value.grad().defined()) continue;
      const at::Tensor gradient = parameter.value.grad().contiguous();
      const auto* gradients = gradient.const_data_ptr<float>();
      auto* weights = parameter.value.mutable_data_ptr<float>();
      auto* first = moments_[index].first.mutable_data_ptr<float>();
      auto* second = moments_[index].second.mutable_data_ptr<float>();
      at::parallel_for(0, gradient.numel(), kPiece, [&](std::int64_t begin, std::int64_t end) {
        kernels::table().adamw(weights + begin, gradients + begin, first + begin, second + begin, end - begin,
                               step);
      });
      // What was derived from the weights, such as packed copies, is out of date.
      parameter.value.unsafeGetTensorImpl()->bump_version();
      parameter.value.mutable_grad() = at::Tensor();
    }
  }
  return norm;
}

}  // namespace quire::train
