#include "quire/train/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "quire/base/profile.h"
#include "quire/kernels/kernels.h"
#include "quire/nn/aten.h"
#include "quire/nn/implementation.h"
#include "quire/nn/look_up.h"
#include "train/lazy_rows.h"

namespace quire::train {
namespace {

// Pieces of fixed size: sums over them do not depend on the number of threads.
constexpr std::int64_t kPiece = std::int64_t{1} << 16;

std::string depth_name(std::int64_t depth, std::int64_t layers) {
  if (depth == 0) return "embeddings";
  if (depth > layers) return "head";
  return fmt::format("layer {}", depth - 1);
}

// In double, in an order that depends on the size alone.
double sum_of_squares(const at::Tensor& dense) {
  const auto* data = dense.const_data_ptr<float>();
  const std::int64_t count = dense.numel();
  std::vector<double> pieces(static_cast<std::size_t>((count + kPiece - 1) / kPiece));
  at::parallel_for(0, static_cast<std::int64_t>(pieces.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t piece = begin; piece < end; ++piece) {
      pieces[static_cast<std::size_t>(piece)] =
          kernels::table().sum_of_squares(data + piece * kPiece, std::min(kPiece, count - piece * kPiece));
    }
  });
  double sum = 0;
  for (const double piece : pieces) sum += piece;
  return sum;
}

}  // namespace

std::vector<ParameterGroup> group_parameters(const std::vector<nn::Parameter>& parameters,
                                             std::int64_t layers, const OptimizerOptions& options) {
  // By depth, then no decay; what is frozen and what nothing reads come last.
  std::map<std::pair<std::int64_t, bool>, ParameterGroup> groups;
  constexpr std::int64_t kFrozen = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const nn::Parameter& parameter = parameters[i];
    ParameterGroup& group =
        parameter.frozen ? groups[{kFrozen, parameter.unused}] : groups[{parameter.depth, !parameter.decay}];
    if (group.members.empty() && parameter.frozen) {
      group.name = parameter.unused ? "unused" : "frozen";
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
    const at::Tensor value = parameter.value.detach();
    moments_.push_back({at::zeros_like(value), at::zeros_like(value)});
  }
  lazy_rows_.resize(parameters_.size());
}

AdamW::~AdamW() = default;

void AdamW::catch_up(std::span<const std::int64_t> rows) {
  for (const auto& lazy : lazy_rows_) {
    if (lazy != nullptr) lazy->catch_up(rows);
  }
}

void AdamW::catch_up() {
  for (const auto& lazy : lazy_rows_) {
    if (lazy != nullptr) lazy->catch_up();
  }
}

LazyRows& AdamW::lazy_rows(std::size_t index) {
  const nn::Parameter& table = parameters_[index];
  TORCH_CHECK(table.sparse, "'", table.names.front(), "' has a sparse gradient and is not marked as sparse");
  std::unique_ptr<LazyRows>& lazy = lazy_rows_[index];
  if (lazy == nullptr)
    lazy = std::make_unique<LazyRows>(table.value, moments_[index].first, moments_[index].second);
  return *lazy;
}

double AdamW::gradient_norm() const {
  double sum = 0;
  std::vector<at::Tensor> norms;  // of tensors on a device: one number comes from there in the end
  for (const nn::Parameter& parameter : parameters_) {
    if (!parameter.value.grad().defined()) continue;
    const at::Tensor gradient = nn::gradient_values(parameter.value.grad());
    if (nn::takes_kernels(gradient)) {
      sum += sum_of_squares(gradient.contiguous());
    } else {
      norms.push_back(at::linalg_vector_norm(gradient, 2, std::nullopt, false, at::kDouble));
    }
  }
  if (!norms.empty()) sum += at::stack(norms).square().sum().item<double>();
  return std::sqrt(sum);
}

// Of one step for one group. Rates are rounded to float32 where they meet weights.
struct AdamW::GroupStep {
  double learning_rate, weight_decay;
  double bias_correction1, bias_correction2;  // 1 - beta^t
  double gradient_scale;                      // of clipping
};

void AdamW::step_by_kernel(const ParameterGroup& group, const GroupStep& step) {
  const kernels::AdamWStep rounded{
      .learning_rate = static_cast<float>(step.learning_rate),
      .beta2 = static_cast<float>(options_.beta2),
      .epsilon = static_cast<float>(options_.epsilon),
      .weight_decay = static_cast<float>(step.weight_decay),
      .complement1 = static_cast<float>(1.0 - options_.beta1),
      .complement2 = static_cast<float>(1.0 - options_.beta2),
      .bias_correction1 = static_cast<float>(step.bias_correction1),
      .bias_correction2_sqrt = static_cast<float>(std::sqrt(step.bias_correction2)),
      .gradient_scale = static_cast<float>(step.gradient_scale)};
  for (const std::size_t index : group.members) {
    nn::Parameter& parameter = parameters_[index];
    if (!parameter.value.grad().defined()) continue;
    // What was derived from the weights, such as packed copies, is out of date.
    parameter.value.unsafeGetTensorImpl()->bump_version();
    if (parameter.value.grad().is_sparse()) {
      lazy_rows(index).step(parameter.value.grad(), rounded);
      continue;
    }
    if (lazy_rows_[index] != nullptr) lazy_rows_[index]->catch_up();  // this step is of all rows
    const at::Tensor gradient = parameter.value.grad().contiguous();
    const auto* gradients = gradient.const_data_ptr<float>();
    auto* weights = parameter.value.mutable_data_ptr<float>();
    auto* first = moments_[index].first.mutable_data_ptr<float>();
    auto* second = moments_[index].second.mutable_data_ptr<float>();
    at::parallel_for(0, gradient.numel(), kPiece, [&](std::int64_t begin, std::int64_t end) {
      kernels::table().adamw(weights + begin, gradients + begin, first + begin, second + begin, end - begin,
                             rounded);
    });
  }
}

// The same over all tensors of the group at once: eight operations, whatever their number.
void AdamW::step_by_aten(const ParameterGroup& group, const GroupStep& step) {
  std::vector<at::Tensor> weights;
  std::vector<at::Tensor> gradients;
  std::vector<at::Tensor> first;
  std::vector<at::Tensor> second;
  for (const std::size_t index : group.members) {
    const at::Tensor& weight = parameters_[index].value;
    if (!weight.grad().defined()) continue;
    weights.push_back(weight);
    gradients.push_back(weight.grad());
    first.push_back(moments_[index].first);
    second.push_back(moments_[index].second);
  }
  if (weights.empty()) return;
  if (step.gradient_scale != 1) at::_foreach_mul_(gradients, step.gradient_scale);
  at::_foreach_lerp_(first, gradients, 1.0 - options_.beta1);
  at::_foreach_mul_(second, options_.beta2);
  at::_foreach_addcmul_(second, gradients, gradients, 1.0 - options_.beta2);
  std::vector<at::Tensor> divisors = at::_foreach_sqrt(second);
  at::_foreach_mul_(divisors, 1 / std::sqrt(step.bias_correction2));
  at::_foreach_add_(divisors, options_.epsilon);
  at::_foreach_mul_(weights, 1 - step.learning_rate * step.weight_decay);
  at::_foreach_addcdiv_(weights, first, divisors, -step.learning_rate / step.bias_correction1);
}

double AdamW::step(double factor) {
  const Span span("clipping and AdamW");
  const at::NoGradGuard no_grad;
  // Autograd adds sparse gradients up row by row, but forgets to note that each row is there once.
  for (const nn::Parameter& parameter : parameters_) {
    at::Tensor& gradient = parameter.value.mutable_grad();
    if (gradient.defined() && gradient.is_sparse()) gradient = gradient.coalesce();
  }
  const double norm = gradient_norm();
  const bool clip = options_.max_grad_norm > 0 && norm + 1e-6 > options_.max_grad_norm;
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const bool on_kernels = nn::takes_kernels(parameters_.front().value);
  for (const ParameterGroup& group : groups_) {
    const GroupStep step{.learning_rate = group.learning_rate * factor,
                         .weight_decay = group.weight_decay,
                         .bias_correction1 = 1.0 - std::pow(options_.beta1, t),
                         .bias_correction2 = 1.0 - std::pow(options_.beta2, t),
                         // torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6 too.
                         .gradient_scale = clip ? options_.max_grad_norm / (norm + 1e-6) : 1.0};
    on_kernels ? step_by_kernel(group, step) : step_by_aten(group, step);
    for (const std::size_t index : group.members) parameters_[index].value.mutable_grad() = at::Tensor();
  }
  return norm;
}

}  // namespace quire::train
