// The steps of an LSTM, forward and back through time.
#include <algorithm>
#include <numeric>
#include <optional>

#include "nn/ops/lstm.h"
#include "nn/ops/packed_weights.h"
#include "quire/base/profile.h"
#include "quire/kernels/kernels.h"
#include "quire/kernels/tasks.h"

namespace quire::nn {
namespace {

using kernels::FixedWeight;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// As many as a tile of AMX takes for the price of one; fixed, so that results do not depend on threads.
constexpr std::size_t kGroup = 16;

// The product of a few rows with a weight, by one thread.
class StepProduct {
 public:
  // x [rows, in] times weight [out, in] transposed.
  StepProduct(const at::Tensor& weight, Precision precision) : weight_(weight) {
    const kernels::WeightFormat format = weight_format(precision);
    if (!kernels::has_weight_format(format)) return;
    fixed_.emplace(weight.const_data_ptr<float>(), weight.size(0), weight.size(1), format);
  }
  // The first `rows` rows of x, contiguous, to those of result.
  void operator()(const at::Tensor& x, std::int64_t rows, at::Tensor& result) const {
    if (fixed_) {
      fixed_->multiply(x.const_data_ptr<float>(), rows, nullptr, kernels::Finish::none,
                       result.mutable_data_ptr<float>());
      return;
    }
    at::Tensor out = result.narrow(0, 0, rows);
    at::mm_out(out, x.narrow(0, 0, rows), weight_.t());
  }

 private:
  at::Tensor weight_;
  std::optional<FixedWeight> fixed_;
};

// What of a batch one task runs through: one direction of some sequences, the longest first.
class Group {
 public:
  Group(const std::vector<std::int64_t>& offsets, std::span<const std::size_t> sequences, bool reverse)
      : offsets_(offsets), sequences_(sequences), reverse_(reverse) {}

  [[nodiscard]] std::int64_t steps() const { return length(0); }
  // Sequences that have a step `step`: the first so many.
  [[nodiscard]] std::int64_t active(std::int64_t step) const {
    std::size_t count = 0;
    while (count < sequences_.size() && length(count) > step) ++count;
    return static_cast<std::int64_t>(count);
  }
  // The token at which sequence `i` of the group is in a step.
  [[nodiscard]] std::int64_t row(std::int64_t i, std::int64_t step) const {
    const std::size_t sequence = sequences_[static_cast<std::size_t>(i)];
    return reverse_ ? offsets_[sequence + 1] - 1 - step : offsets_[sequence] + step;
  }

 private:
  [[nodiscard]] std::int64_t length(std::size_t i) const {
    return offsets_[sequences_[i] + 1] - offsets_[sequences_[i]];
  }

  const std::vector<std::int64_t>& offsets_;
  std::span<const std::size_t> sequences_;
  bool reverse_;
};

// Calls body(direction, group) for both directions of all groups of sequences of like length.
template <typename Body>
void for_groups(const std::vector<std::int64_t>& offsets, const Body& body) {
  std::vector<std::size_t> order(offsets.size() - 1);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return offsets[a + 1] - offsets[a] > offsets[b + 1] - offsets[b];
  });
  const std::size_t groups = (order.size() + kGroup - 1) / kGroup;
  kernels::for_tasks(static_cast<std::int64_t>(2 * groups), [&](std::int64_t task) {
    const std::size_t first = static_cast<std::size_t>(task) / 2 * kGroup;
    const auto sequences =
        std::span<const std::size_t>(order).subspan(first, std::min(kGroup, order.size() - first));
    const auto direction = static_cast<std::size_t>(task) % 2;
    body(direction, Group(offsets, sequences, direction == 1));
  });
}

// What the backward pass needs of one direction: [T, 4 * hidden] and [T, hidden].
struct Tape {
  at::Tensor gates, cells;
};

float* at_row(const at::Tensor& x, std::int64_t row) { return x.mutable_data_ptr<float>() + row * x.size(1); }

at::Tensor group_memory(std::int64_t width) {
  return at::zeros({static_cast<std::int64_t>(kGroup), width}, at::kFloat);
}

// Of the sums of one direction; `result` [T, 2 * hidden] has its columns from `column` on. Without a tape
// nothing is kept.
void run_forward(const Group& group, const at::Tensor& sums, const StepProduct& product, const Tape& tape,
                 const at::Tensor& result, std::int64_t column) {
  const std::int64_t hidden = sums.size(1) / 4;
  at::Tensor recurrent = group_memory(4 * hidden);
  const at::Tensor state = group_memory(hidden);
  const at::Tensor cell = group_memory(hidden);
  const at::Tensor gates = tape.gates.defined() ? at::Tensor() : group_memory(4 * hidden);
  for (std::int64_t step = 0; step < group.steps(); ++step) {
    const std::int64_t active = group.active(step);
    if (step > 0) product(state, active, recurrent);
    for (std::int64_t i = 0; i < active; ++i) {
      const std::int64_t row = group.row(i, step);
      kernels::table().lstm_cell(at_row(sums, row), at_row(recurrent, i), hidden,
                                 gates.defined() ? at_row(gates, i) : at_row(tape.gates, row),
                                 at_row(cell, i), at_row(cell, i), at_row(state, i));
      std::copy_n(at_row(state, i), hidden, at_row(result, row) + column);
      if (tape.cells.defined()) std::copy_n(at_row(cell, i), hidden, at_row(tape.cells, row));
    }
  }
}

// The gradient of the sums of one direction, from that of the result.
void run_backward(const Group& group, const Tape& tape, const StepProduct& product, const at::Tensor& grad,
                  std::int64_t column, const at::Tensor& grad_sums) {
  const std::int64_t hidden = tape.cells.size(1);
  at::Tensor grad_hidden = group_memory(hidden);
  const at::Tensor grad_cell = group_memory(hidden);
  const at::Tensor steps = group_memory(4 * hidden);
  const at::Tensor nothing = at::zeros({hidden}, at::kFloat);
  for (std::int64_t step = group.steps() - 1; step >= 0; --step) {
    const std::int64_t active = group.active(step);
    for (std::int64_t i = 0; i < active; ++i) {
      const std::int64_t row = group.row(i, step);
      const float* before =
          step > 0 ? at_row(tape.cells, group.row(i, step - 1)) : nothing.const_data_ptr<float>();
      kernels::table().lstm_cell_backward(at_row(tape.gates, row), before, at_row(tape.cells, row),
                                          at_row(grad, row) + column, at_row(grad_hidden, i), hidden,
                                          at_row(grad_cell, i), at_row(steps, i));
      std::copy_n(at_row(steps, i), 4 * hidden, at_row(grad_sums, row));
    }
    if (step > 0) product(steps, active, grad_hidden);
  }
}

// The hidden state from which each token's step started: the row before it, or zeros.
at::Tensor states_before(const at::Tensor& result, const std::vector<std::int64_t>& offsets, bool reverse) {
  const std::int64_t hidden = result.size(1) / 2;
  at::Tensor states = at::zeros({result.size(0), hidden}, at::kFloat);
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    const std::int64_t rows = offsets[s + 1] - offsets[s] - 1;
    const std::int64_t first = offsets[s];
    if (rows < 1) continue;
    states.narrow(0, reverse ? first : first + 1, rows)
        .copy_(result.narrow(0, reverse ? first + 1 : first, rows).narrow(1, reverse ? hidden : 0, hidden));
  }
  return states;
}

// Of the recurrence's products, one pass.
double operations(const at::Tensor& weight, const at::Tensor& result) {
  return 4.0 * static_cast<double>(result.size(0)) * static_cast<double>(weight.numel());
}

struct Settings : torch::CustomClassHolder {
  std::vector<std::int64_t> offsets;
  Precision precision = Precision::fp32;
  bool keep = false;
};

class Recurrence : public torch::autograd::Function<Recurrence> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& sums, const at::Tensor& sums_reverse,
                            const at::Tensor& weight, const at::Tensor& weight_reverse,
                            const c10::intrusive_ptr<Settings>& settings) {
    const std::array inputs = {sums.detach().contiguous(), sums_reverse.detach().contiguous()};
    const std::array weights = {weight.detach().contiguous(), weight_reverse.detach().contiguous()};
    const std::int64_t tokens = sums.size(0);
    const std::int64_t hidden = weight.size(1);
    at::Tensor result = at::empty({tokens, 2 * hidden}, sums.options());
    const Span span("LSTM forward", operations(weight, result));
    std::array<Tape, 2> tapes;
    if (settings->keep) {
      for (Tape& tape : tapes)
        tape = {at::empty({tokens, 4 * hidden}, sums.options()), at::empty({tokens, hidden}, sums.options())};
    }
    const std::array products = {StepProduct(weights[0], settings->precision),
                                 StepProduct(weights[1], settings->precision)};
    for_groups(settings->offsets, [&](std::size_t d, const Group& group) {
      run_forward(group, inputs[d], products[d], tapes[d], result, static_cast<std::int64_t>(d) * hidden);
    });
    if (settings->keep) {
      context->save_for_backward(
          {weight, weight_reverse, result, tapes[0].gates, tapes[0].cells, tapes[1].gates, tapes[1].cells});
      context->saved_data["settings"] = c10::IValue::make_capsule(settings);
    }
    return result;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto settings =
        c10::static_intrusive_pointer_cast<Settings>(context->saved_data["settings"].toCapsule());
    const at::Tensor gradient = gradients[0].contiguous();
    const at::Tensor& result = saved[2];
    const std::array<Tape, 2> tapes = {Tape{saved[3], saved[4]}, Tape{saved[5], saved[6]}};
    const Span span("LSTM backward", 2 * operations(saved[0], result));
    const std::array grad_sums = {at::empty_like(tapes[0].gates), at::empty_like(tapes[1].gates)};
    const std::array products = {StepProduct(saved[0].detach().t().contiguous(), settings->precision),
                                 StepProduct(saved[1].detach().t().contiguous(), settings->precision)};
    for_groups(settings->offsets, [&](std::size_t d, const Group& group) {
      run_backward(group, tapes[d], products[d], gradient, static_cast<std::int64_t>(d) * saved[0].size(1),
                   grad_sums[d]);
    });
    variable_list results(5);
    for (std::size_t d = 0; d < 2; ++d) {
      results[d] = grad_sums[d];
      if (context->needs_input_grad(2 + d)) {
        results[2 + d] = weight_gradient(grad_sums[d], states_before(result, settings->offsets, d == 1),
                                         settings->precision);
      }
    }
    return results;
  }
};

}  // namespace

at::Tensor lstm_recurrence(const std::array<at::Tensor, 2>& sums, const std::array<at::Tensor, 2>& weights,
                           const std::vector<std::int64_t>& offsets, Precision precision) {
  auto settings = c10::make_intrusive<Settings>();
  settings->offsets = offsets;
  settings->precision = precision;
  settings->keep = at::GradMode::is_enabled();
  return Recurrence::apply(sums[0], sums[1], weights[0], weights[1], settings);
}

}  // namespace quire::nn
