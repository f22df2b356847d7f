#include "nn/ops/linear.h"

#include <algorithm>

#include "nn/ops/packed_weights.h"
#include "quire/base/profile.h"
#include "quire/kernels/bf16_blocks.h"
#include "quire/kernels/kernels.h"
#include "quire/kernels/tasks.h"
#include "quire/nn/implementation.h"

namespace quire::nn {
namespace {

using kernels::Bf16Panels;
using kernels::Bf16Rows;
using kernels::Epilogue;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

kernels::Bf16* bf16_data(const at::Tensor& memory) {
  return static_cast<kernels::Bf16*>(memory.mutable_data_ptr());
}

// Memory of a left operand [rows, depth] and the view of it.
at::Tensor rows_memory(std::int64_t rows, std::int64_t depth) {
  const std::int64_t size = kernels::padded_rows(rows) * kernels::row_stride(depth);
  // Whoever fills it row by row does not write the padding of an odd depth.
  return depth == kernels::padded_depth(depth) ? at::empty({size}, at::kBFloat16)
                                               : at::zeros({size}, at::kBFloat16);
}

Bf16Rows rows_view(const at::Tensor& memory, std::int64_t rows, std::int64_t depth) {
  return {bf16_data(memory), rows, depth, kernels::row_stride(depth)};
}

at::Tensor panels_memory(std::int64_t depth, std::int64_t columns) {
  return at::empty({kernels::panels_size(depth, columns)}, at::kBFloat16);
}

// x [rows, depth] rounded; its column sums, unrounded, go to `sums` if defined.
at::Tensor rounded_rows(const at::Tensor& x, const at::Tensor& sums = {}) {
  at::Tensor memory = rows_memory(x.size(0), x.size(1));
  kernels::round_rows(x.const_data_ptr<float>(), rows_view(memory, x.size(0), x.size(1)),
                      sums.defined() ? sums.mutable_data_ptr<float>() : nullptr);
  return memory;
}

// left times right, plus bias if defined.
at::Tensor product(Bf16Rows left, Bf16Panels right, const at::Tensor& bias = {}) {
  at::Tensor result = at::empty({left.rows, right.columns}, at::kFloat);
  Epilogue epilogue;
  epilogue.bias = bias.defined() ? bias.const_data_ptr<float>() : nullptr;
  epilogue.sum = result.mutable_data_ptr<float>();
  kernels::multiply(left, right, epilogue);
  return result;
}

// gradient' x, both [tokens, ..]: the gradient of a weight.
at::Tensor weight_gradient(Bf16Rows gradient, Bf16Rows x) {
  const at::Tensor columns = rows_memory(gradient.depth, gradient.rows);
  const Bf16Rows left = rows_view(columns, gradient.depth, gradient.rows);
  kernels::transpose(gradient, left);
  const at::Tensor panels = panels_memory(x.rows, x.depth);
  const Bf16Panels right{bf16_data(panels), x.rows, x.depth};
  kernels::pack(x, right);
  return product(left, right);
}

// Of the product of x [rows, in] with a weight [out, in].
double product_operations(const at::Tensor& x, const at::Tensor& weight) {
  return 2.0 * static_cast<double>(x.size(0)) * static_cast<double>(weight.numel());
}

// Carries the packed weights of one or two layers through autograd's saved data.
struct WeightHolder : torch::CustomClassHolder {
  WeightHolder(std::shared_ptr<PackedWeight> first_in, std::shared_ptr<PackedWeight> second_in = nullptr)
      : first(std::move(first_in)), second(std::move(second_in)) {}
  std::shared_ptr<PackedWeight> first, second;
};
using WeightPointer = c10::intrusive_ptr<WeightHolder>;

WeightPointer saved_weights(AutogradContext& context) {
  return c10::static_intrusive_pointer_cast<WeightHolder>(context.saved_data["weights"].toCapsule());
}

class Bf16Linear : public torch::autograd::Function<Bf16Linear> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x_in, const at::Tensor& weight,
                            const at::Tensor& bias, const WeightPointer& packed) {
    const Span span("linear forward", product_operations(x_in, weight));
    const at::Tensor x = x_in.contiguous();
    const at::Tensor rounded = rounded_rows(x);
    context->save_for_backward({rounded, weight});
    context->saved_data["weights"] = c10::IValue::make_capsule(packed);
    return product(rows_view(rounded, x.size(0), x.size(1)), packed->first->forward(weight), bias);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& weight = saved[1];
    const at::Tensor gradient = gradients[0].contiguous();
    const Span span("linear backward", 2 * product_operations(gradient, weight));
    const std::int64_t tokens = gradient.size(0);
    at::Tensor grad_bias = at::empty({weight.size(0)}, gradient.options());
    const at::Tensor rounded = rounded_rows(gradient, grad_bias);
    const Bf16Rows gradient_rows = rows_view(rounded, tokens, weight.size(0));
    variable_list results(4);
    if (context->needs_input_grad(0))
      results[0] = product(gradient_rows, saved_weights(*context)->first->backward(weight));
    if (context->needs_input_grad(1))  // not when the layer is frozen
      results[1] = weight_gradient(gradient_rows, rows_view(saved[0], tokens, weight.size(1)));
    results[2] = grad_bias;
    return results;
  }
};

class Bf16FeedForward : public torch::autograd::Function<Bf16FeedForward> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x_in, const at::Tensor& inner_weight,
                            const at::Tensor& inner_bias, const at::Tensor& outer_weight,
                            const at::Tensor& outer_bias, const WeightPointer& packed) {
    const Span span("feed-forward forward",
                    product_operations(x_in, inner_weight) + product_operations(x_in, outer_weight));
    const at::Tensor x = x_in.contiguous();
    const std::int64_t tokens = x.size(0);
    const std::int64_t width = inner_weight.size(0);
    const at::Tensor rounded = rounded_rows(x);
    const at::Tensor sum = at::empty({tokens, width}, x.options());
    const at::Tensor activated = rows_memory(tokens, width);
    Epilogue epilogue;
    epilogue.kind = Epilogue::Kind::gelu;
    epilogue.bias = inner_bias.const_data_ptr<float>();
    epilogue.sum = sum.mutable_data_ptr<float>();
    epilogue.rounded = rows_view(activated, tokens, width);
    kernels::multiply(rows_view(rounded, tokens, x.size(1)), packed->first->forward(inner_weight), epilogue);
    context->save_for_backward({rounded, sum, activated, inner_weight, outer_weight});
    context->saved_data["weights"] = c10::IValue::make_capsule(packed);
    return product(epilogue.rounded, packed->second->forward(outer_weight), outer_bias);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& inner_weight = saved[3];
    const at::Tensor& outer_weight = saved[4];
    const WeightPointer packed = saved_weights(*context);
    const at::Tensor gradient = gradients[0].contiguous();
    const Span span("feed-forward backward", 2 * (product_operations(gradient, inner_weight) +
                                                  product_operations(gradient, outer_weight)));
    const std::int64_t tokens = gradient.size(0);
    const std::int64_t width = inner_weight.size(0);
    at::Tensor grad_outer_bias = at::empty({outer_weight.size(0)}, gradient.options());
    at::Tensor grad_inner_bias = at::empty({width}, gradient.options());
    const at::Tensor rounded = rounded_rows(gradient, grad_outer_bias);
    const Bf16Rows gradient_rows = rows_view(rounded, tokens, outer_weight.size(0));
    const at::Tensor grad_sum = rows_memory(tokens, width);
    Epilogue epilogue;
    epilogue.kind = Epilogue::Kind::gelu_gradient;
    epilogue.sum = saved[1].mutable_data_ptr<float>();  // only read
    epilogue.rounded = rows_view(grad_sum, tokens, width);
    epilogue.column_sums = grad_inner_bias.mutable_data_ptr<float>();
    kernels::multiply(gradient_rows, packed->second->backward(outer_weight), epilogue);
    variable_list results(6);
    if (context->needs_input_grad(0))
      results[0] = product(epilogue.rounded, packed->first->backward(inner_weight));
    if (context->needs_input_grad(1))
      results[1] = weight_gradient(epilogue.rounded, rows_view(saved[0], tokens, inner_weight.size(1)));
    results[2] = grad_inner_bias;
    if (context->needs_input_grad(3))
      results[3] = weight_gradient(gradient_rows, rows_view(saved[2], tokens, width));
    results[4] = grad_outer_bias;
    return results;
  }
};

// Pieces of fixed size: sums over rows do not depend on the number of threads.
constexpr std::int64_t kRowsPerPiece = 32;

// Calls body(piece, row) for all rows, pieces in parallel.
template <typename Body>
void for_rows(std::int64_t rows, Body body) {
  at::parallel_for(
      0, (rows + kRowsPerPiece - 1) / kRowsPerPiece, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin * kRowsPerPiece; row < std::min(end * kRowsPerPiece, rows); ++row) {
          body(row / kRowsPerPiece, row);
        }
      });
}

// ATen's float32 products with bias and GELU in one pass between them.
class FeedForward : public torch::autograd::Function<FeedForward> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& inner_weight,
                            const at::Tensor& inner_bias, const at::Tensor& outer_weight,
                            const at::Tensor& outer_bias) {
    const Span span("feed-forward forward",
                    product_operations(x, inner_weight) + product_operations(x, outer_weight));
    const at::Tensor sum = at::mm(x, inner_weight.t());
    const at::Tensor activated = at::empty_like(sum);
    const std::int64_t width = sum.size(1);
    auto* sum_data = sum.mutable_data_ptr<float>();
    auto* activated_data = activated.mutable_data_ptr<float>();
    const auto* bias_data = inner_bias.const_data_ptr<float>();
    for_rows(sum.size(0), [&](std::int64_t, std::int64_t row) {
      kernels::table().bias_gelu(sum_data + row * width, bias_data, activated_data + row * width, width);
    });
    context->save_for_backward({x, sum, activated, inner_weight, outer_weight});
    return at::addmm(outer_bias, activated, outer_weight.t());
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor gradient = gradients[0].contiguous();
    const Span span("feed-forward backward",
                    2 * (product_operations(gradient, saved[3]) + product_operations(gradient, saved[4])));
    const at::Tensor grad_sum = at::mm(gradient, saved[4]);
    const std::int64_t rows = grad_sum.size(0);
    const std::int64_t width = grad_sum.size(1);
    const at::Tensor partial =
        at::zeros({(rows + kRowsPerPiece - 1) / kRowsPerPiece, width}, gradient.options());
    const auto* sum_data = saved[1].const_data_ptr<float>();
    auto* grad_data = grad_sum.mutable_data_ptr<float>();
    auto* partial_data = partial.mutable_data_ptr<float>();
    for_rows(rows, [&](std::int64_t piece, std::int64_t row) {
      kernels::table().gelu_backward(sum_data + row * width, grad_data + row * width,
                                     partial_data + piece * width, width);
    });
    variable_list results(5);
    if (context->needs_input_grad(0)) results[0] = at::mm(grad_sum, saved[3]);
    if (context->needs_input_grad(1)) results[1] = at::mm(grad_sum.t(), saved[0]);
    results[2] = partial.sum(0);
    if (context->needs_input_grad(3)) results[3] = at::mm(gradient.t(), saved[2]);
    results[4] = gradient.sum(0);
    return results;
  }
};

// ATen's float32 product, with spans.
class Fp32Linear : public torch::autograd::Function<Fp32Linear> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias) {
    const Span span("linear forward", product_operations(x, weight));
    context->save_for_backward({x, weight});
    return at::addmm(bias, x, weight.t());
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& gradient = gradients[0];
    const Span span("linear backward", 2 * product_operations(gradient, saved[1]));
    variable_list results(3);
    if (context->needs_input_grad(0)) results[0] = at::mm(gradient, saved[1]);
    if (context->needs_input_grad(1)) results[1] = at::mm(gradient.t(), saved[0]);
    results[2] = gradient.sum(0);
    return results;
  }
};

// An operand of the twin's products: bfloat16 on a device, which multiplies it with float32 sums; on a CPU
// a float32 copy of the same values (see linear.h).
at::Tensor rounded(const at::Tensor& x) {
  const at::Tensor operand = x.to(at::kBFloat16);
  return x.is_cpu() ? operand.to(at::kFloat) : operand;
}

at::Tensor rounded_product(const at::Tensor& left, const at::Tensor& right) {
  return at::mm(left, right).to(at::kFloat);
}

// The twin of Bf16Linear, for any device.
class RoundedLinear : public torch::autograd::Function<RoundedLinear> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias) {
    const at::Tensor x_rounded = rounded(x);
    const at::Tensor weight_rounded = rounded(weight);
    context->save_for_backward({x_rounded, weight_rounded});
    return rounded_product(x_rounded, weight_rounded.t()).add_(bias);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor gradient = rounded(gradients[0]);
    variable_list results(3);
    if (context->needs_input_grad(0)) results[0] = rounded_product(gradient, saved[1]);
    if (context->needs_input_grad(1)) results[1] = rounded_product(gradient.t(), saved[0]);
    results[2] = gradients[0].sum(0);
    return results;
  }
};

bool takes_bf16_kernels(const at::Tensor& x, const Linear& layer, Implementation implementation) {
  return layer.precision == Precision::bf16 && takes_kernels(x, implementation) && x.size(0) > 0 &&
         layer.packed && kernels::bf16_available();
}

}  // namespace

bool PackedWeight::claim(Copy& copy, const at::Tensor& weight, std::int64_t depth, std::int64_t columns) {
  if (!copy.panels.defined()) copy.panels = panels_memory(depth, columns);
  if (copy.source == weight.const_data_ptr() && copy.version == weight._version()) return false;
  copy.source = weight.const_data_ptr();
  copy.version = weight._version();
  return true;
}

// Both copies in one pass over a weight that is cut into whole tiles.
bool PackedWeight::pack_both(const at::Tensor& weight) {
  const std::int64_t out = weight.size(0);
  const std::int64_t in = weight.size(1);
  if (out % kernels::kPanelWidth != 0 || in % kernels::kPanelWidth != 0) return false;
  const bool forward_stale = claim(forward_, weight, in, out);
  if (!claim(backward_, weight, out, in) && !forward_stale) return true;
  const Span span("packing weights");
  const Bf16Panels to_forward{bf16_data(forward_.panels), in, out};
  const Bf16Panels to_backward{bf16_data(backward_.panels), out, in};
  const auto* values = weight.const_data_ptr<float>();
  kernels::for_tasks(out / kernels::kPanelWidth, [&](std::int64_t task) {
    kernels::pack_weight_rows(values, task * kernels::kPanelWidth, out, in, to_forward, to_backward);
  });
  return true;
}

Bf16Panels PackedWeight::forward(const at::Tensor& weight) {
  const std::lock_guard lock(mutex_);
  const std::int64_t out = weight.size(0);
  const std::int64_t in = weight.size(1);
  const bool stale = !pack_both(weight) && claim(forward_, weight, in, out);
  const Bf16Panels panels{bf16_data(forward_.panels), in, out};
  if (stale) kernels::pack_transposed(rows_view(rounded_rows(weight), out, in), panels);
  return panels;
}

Bf16Panels PackedWeight::backward(const at::Tensor& weight) {
  const std::lock_guard lock(mutex_);
  const std::int64_t out = weight.size(0);
  const std::int64_t in = weight.size(1);
  const bool stale = !pack_both(weight) && claim(backward_, weight, out, in);
  const Bf16Panels panels{bf16_data(backward_.panels), out, in};
  if (stale) kernels::pack(rows_view(rounded_rows(weight), out, in), panels);
  return panels;
}

at::Tensor linear(const at::Tensor& x, const Linear& layer, Implementation implementation) {
  if (layer.precision == Precision::fp32) {
    return takes_kernels(x, implementation) ? Fp32Linear::apply(x, layer.weight, layer.bias)
                                            : at::linear(x, layer.weight, layer.bias);
  }
  if (takes_bf16_kernels(x, layer, implementation)) {
    return Bf16Linear::apply(x, layer.weight, layer.bias, c10::make_intrusive<WeightHolder>(layer.packed));
  }
  if (layer.precision == Precision::int8) return int8_linear(x, layer);
  return RoundedLinear::apply(x, layer.weight, layer.bias);
}

at::Tensor weight_gradient(const at::Tensor& gradient, const at::Tensor& x, Precision precision) {
  const std::int64_t rows = x.size(0);
  if (precision == Precision::fp32 || rows == 0) return at::mm(gradient.t(), x);
  const at::Tensor left = rounded_rows(gradient);
  const at::Tensor right = rounded_rows(x);
  return weight_gradient(rows_view(left, rows, gradient.size(1)), rows_view(right, rows, x.size(1)));
}

at::Tensor feed_forward(const at::Tensor& x, const Linear& inner, const Linear& outer,
                        Implementation implementation) {
  if (takes_bf16_kernels(x, inner, implementation)) {
    return Bf16FeedForward::apply(x, inner.weight, inner.bias, outer.weight, outer.bias,
                                  c10::make_intrusive<WeightHolder>(inner.packed, outer.packed));
  }
  if (inner.precision == Precision::fp32 && takes_kernels(x, implementation)) {
    return FeedForward::apply(x, inner.weight, inner.bias, outer.weight, outer.bias);
  }
  return linear(at::gelu(linear(x, inner, implementation)), outer, implementation);
}

}  // namespace quire::nn
