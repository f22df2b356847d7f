// dropout + residual + LayerNorm in one pass over memory, and plain dropout.
#include <algorithm>
#include <optional>

#include "nn/ops/dropout.h"
#include "quire/base/profile.h"
#include "quire/kernels/kernels.h"
#include "quire/nn/aten.h"
#include "quire/nn/implementation.h"
#include "quire/nn/ops.h"

namespace quire::nn {
namespace {

// Rows are cut into pieces of this size whatever the number of threads, so that sums over rows
// are always added in the same order.
constexpr std::int64_t kRowsPerPiece = 64;

std::int64_t piece_count(std::int64_t rows) { return (rows + kRowsPerPiece - 1) / kRowsPerPiece; }

// The multipliers of one row, or null when nothing is dropped.
class RowMultipliers {
 public:
  RowMultipliers(const DropoutPlan& plan, std::int64_t width) : plan_(&plan) {
    if (plan.active()) values_.resize(static_cast<std::size_t>(width));
  }
  const float* operator()(std::int64_t row) {
    if (values_.empty()) return nullptr;
    plan_->fill_row(row, values_);
    return values_.data();
  }

 private:
  const DropoutPlan* plan_;
  std::vector<float> values_;
};

class DropoutAddLayerNorm : public torch::autograd::Function<DropoutAddLayerNorm> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x_in,
                            const std::optional<at::Tensor>& residual_in, const at::Tensor& gamma,
                            const at::Tensor& beta, double epsilon,
                            const std::shared_ptr<DropoutPlan>& plan) {
    const Span span("dropout, residual, norm forward");
    const at::Tensor x = x_in.contiguous();
    const at::Tensor residual = residual_in ? residual_in->contiguous() : at::Tensor();
    const std::int64_t rows = x.size(0);
    const std::int64_t width = x.size(1);
    at::Tensor sum = at::empty_like(x);
    at::Tensor y = at::empty_like(x);
    at::Tensor mean = at::empty({rows}, x.options());
    at::Tensor rstd = at::empty({rows}, x.options());
    const auto* x_data = x.const_data_ptr<float>();
    const auto* residual_data = residual.defined() ? residual.const_data_ptr<float>() : nullptr;
    const auto* gamma_data = gamma.const_data_ptr<float>();
    const auto* beta_data = beta.const_data_ptr<float>();
    auto* sum_data = sum.mutable_data_ptr<float>();
    auto* y_data = y.mutable_data_ptr<float>();
    auto* mean_data = mean.mutable_data_ptr<float>();
    auto* rstd_data = rstd.mutable_data_ptr<float>();
    at::parallel_for(0, piece_count(rows), 1, [&](std::int64_t begin, std::int64_t end) {
      RowMultipliers multipliers(*plan, width);
      for (std::int64_t row = begin * kRowsPerPiece; row < std::min(end * kRowsPerPiece, rows); ++row) {
        kernels::table().add_layer_norm(x_data + row * width, multipliers(row),
                                        residual_data == nullptr ? nullptr : residual_data + row * width,
                                        gamma_data, beta_data, static_cast<float>(epsilon), width,
                                        sum_data + row * width, y_data + row * width, mean_data + row,
                                        rstd_data + row);
      }
    });
    context->save_for_backward({sum, mean, rstd, gamma});
    context->saved_data["residual"] = residual.defined();
    context->saved_data["plan"] = c10::IValue::make_capsule(c10::make_intrusive<PlanHolder>(plan));
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const Span span("dropout, residual, norm backward");
    const auto saved = context->get_saved_variables();
    const at::Tensor& sum = saved[0];
    const bool has_residual = context->saved_data["residual"].toBool();
    const auto plan = PlanHolder::get(context->saved_data["plan"]);
    const at::Tensor grad_y = gradients[0].contiguous();
    const std::int64_t rows = sum.size(0);
    const std::int64_t width = sum.size(1);
    const std::int64_t pieces = piece_count(rows);
    at::Tensor grad_residual = at::empty_like(sum);
    at::Tensor grad_x = plan->active() ? at::empty_like(sum) : grad_residual;
    at::Tensor partial = at::zeros({pieces, 2, width}, sum.options());
    const auto* sum_data = sum.const_data_ptr<float>();
    const auto* mean_data = saved[1].const_data_ptr<float>();
    const auto* rstd_data = saved[2].const_data_ptr<float>();
    const auto* gamma_data = saved[3].const_data_ptr<float>();
    const auto* grad_y_data = grad_y.const_data_ptr<float>();
    auto* grad_residual_data = grad_residual.mutable_data_ptr<float>();
    auto* grad_x_data = grad_x.mutable_data_ptr<float>();
    auto* partial_data = partial.mutable_data_ptr<float>();
    at::parallel_for(0, pieces, 1, [&](std::int64_t begin, std::int64_t end) {
      RowMultipliers multipliers(*plan, width);
      for (std::int64_t piece = begin; piece < end; ++piece) {
        float* grad_gamma = partial_data + piece * 2 * width;
        for (std::int64_t row = piece * kRowsPerPiece; row < std::min((piece + 1) * kRowsPerPiece, rows);
             ++row) {
          float* grad_sum = grad_residual_data + row * width;
          kernels::table().layer_norm_backward(grad_y_data + row * width, sum_data + row * width, gamma_data,
                                               mean_data[row], rstd_data[row], width, grad_sum, grad_gamma,
                                               grad_gamma + width);
          if (const float* keep = multipliers(row); keep != nullptr) {
            std::copy_n(grad_sum, width, grad_x_data + row * width);
            kernels::table().multiply(grad_x_data + row * width, keep, width);
          }
        }
      }
    });
    const at::Tensor affine = partial.sum(0);
    return {grad_x,      has_residual ? grad_residual : at::Tensor(), affine[0], affine[1], at::Tensor(),
            at::Tensor()};
  }
};

at::Tensor aten_dropout(const at::Tensor& x, const DropoutPlan& plan) {
  if (!plan.active()) return x;
  return x * plan.multipliers(x.size(1), x.device()).to(x.scalar_type());
}

}  // namespace

at::Tensor dropout_add_layer_norm(const at::Tensor& x, const at::Tensor& residual, const at::Tensor& gamma,
                                  const at::Tensor& beta, double epsilon, const RowLayout& rows,
                                  double dropout, const DropoutState& state, std::uint32_t site,
                                  Implementation implementation) {
  const auto plan = std::make_shared<DropoutPlan>(rows, dropout, state, site);
  if (takes_kernels(x, implementation)) {
    const std::optional<at::Tensor> added = residual.defined() ? std::optional(residual) : std::nullopt;
    return DropoutAddLayerNorm::apply(x, added, gamma, beta, epsilon, plan);
  }
  at::Tensor sum = aten_dropout(x, *plan);
  if (residual.defined()) sum = sum + residual;
  return at::layer_norm(sum, {sum.size(1)}, gamma, beta, epsilon);
}

at::Tensor dropout(const at::Tensor& x, const RowLayout& rows, double probability, const DropoutState& state,
                   std::uint32_t site) {
  const DropoutPlan plan(rows, probability, state, site);
  if (plan.active() && takes_kernels(x)) return x * plan.multipliers(x.size(1));
  return aten_dropout(x, plan);
}

}  // namespace quire::nn
