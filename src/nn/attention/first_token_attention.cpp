#include "nn/attention/first_token_attention.h"

#include "nn/attention/attention.h"
#include "quire/base/profile.h"
#include "quire/kernels/kernels.h"
#include "quire/kernels/tasks.h"
#include "quire/nn/implementation.h"

namespace quire::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using PlanPointer = c10::intrusive_ptr<AttentionPlan>;

// x [S, heads * width] as [heads, S, width].
at::Tensor by_head(const at::Tensor& x, std::int64_t heads) {
  return x.view({x.size(0), heads, x.size(1) / heads}).transpose(0, 1);
}

// A weight or bias of all heads, [hidden, ..], as [heads, width, ..].
at::Tensor of_heads(const at::Tensor& weight, std::int64_t heads) {
  return weight.unflatten(0, {heads, weight.size(0) / heads});
}

// Rows `part` of three of the projection's weight or bias: query, key, value.
at::Tensor third(const at::Tensor& x, std::int64_t part) {
  return x.narrow(0, part * (x.size(0) / 3), x.size(0) / 3);
}

// What a pass over the tokens of one sequence works on.
struct Sequence {
  // x [T, hidden]; `probabilities` has those of one sequence after the other.
  Sequence(const AttentionPlan& plan_in, std::size_t index_in, const at::Tensor& x,
           const at::Tensor& probabilities)
      : plan(plan_in),
        index(index_in),
        length(plan.length(index)),
        tokens(x.narrow(0, plan.offsets[index], length)),
        probability(probabilities.narrow(0, plan.offsets[index] * plan.heads, length * plan.heads)
                        .view({plan.heads, length})) {}

  // x [heads, length] times the multipliers of dropout, in place.
  void drop(const at::Tensor& x) const {
    if (plan.dropout == 0) return;
    thread_local std::vector<float> multipliers;
    for (std::int64_t head = 0; head < plan.heads; ++head) {
      fill_multipliers(plan, index, head, 0, 1, multipliers);
      kernels::table().multiply(x.mutable_data_ptr<float>() + head * length, multipliers.data(), length);
    }
  }
  [[nodiscard]] at::Tensor dropped() const {
    at::Tensor kept = probability.clone();
    drop(kept);
    return kept;
  }

  const AttentionPlan& plan;
  std::size_t index;
  std::int64_t length;
  at::Tensor tokens;       // [length, hidden]
  at::Tensor probability;  // [heads, length], before dropout
};

// Calls body(index) for all sequences, on all threads.
template <typename Body>
void for_sequences(const AttentionPlan& plan, const Body& body) {
  kernels::for_tasks(static_cast<std::int64_t>(plan.documents.size()), [&](std::int64_t index) {
    const at::NoGradGuard no_grad;  // a thread's own
    body(static_cast<std::size_t>(index));
  });
}

// Of the products with tokens, `count` of them.
double operations(const at::Tensor& x, std::int64_t heads, double count) {
  return count * 2 * static_cast<double>(x.numel()) * static_cast<double>(heads);
}

class FirstTokenAttention : public torch::autograd::Function<FirstTokenAttention> {
 public:
  // The first tokens' rows of x, and their context.
  static variable_list forward(AutogradContext* context, const at::Tensor& x_in, const at::Tensor& weight,
                               const at::Tensor& bias, const PlanPointer& plan) {
    const Span span("first tokens' attention forward", operations(x_in, plan->heads, 2));
    const at::Tensor x = x_in.contiguous();
    const std::int64_t heads = plan->heads;
    const std::int64_t hidden = x.size(1);
    const auto scale = static_cast<float>(score_scale(hidden / heads));
    const at::Tensor first = x.index_select(0, first_rows(*plan));
    const at::Tensor query = at::addmm(third(bias, 0), first, third(weight, 0).t());
    // [heads, S, hidden]: what a token's input is multiplied with for its score.
    const at::Tensor keys = at::bmm(by_head(query, heads), of_heads(third(weight, 1), heads));
    const at::Tensor probabilities = at::empty({x.size(0) * heads}, x.options());
    const at::Tensor sums = at::empty_like(keys);  // of the tokens' inputs, by their probabilities
    const at::Tensor totals = at::empty({heads, query.size(0), 1}, x.options());  // of these
    for_sequences(*plan, [&](std::size_t index) {
      const Sequence sequence(*plan, index, x, probabilities);
      const auto s = static_cast<std::int64_t>(index);
      at::Tensor scores = sequence.probability;
      at::mm_out(scores, keys.select(1, s), sequence.tokens.t());
      for (std::int64_t head = 0; head < heads; ++head) {
        kernels::table().softmax(scores.mutable_data_ptr<float>() + head * sequence.length, sequence.length,
                                 scale);
      }
      const at::Tensor kept = sequence.dropped();
      sums.select(1, s).copy_(at::mm(kept, sequence.tokens));
      totals.select(1, s).copy_(kept.sum(1, true));
    });
    const at::Tensor result = at::baddbmm(totals * of_heads(third(bias, 2), heads).unsqueeze(1), sums,
                                          of_heads(third(weight, 2), heads).transpose(1, 2));
    context->save_for_backward({x, weight, bias, query, keys, probabilities, sums, totals});
    context->saved_data["plan"] = c10::IValue::make_capsule(plan);
    return {first, result.transpose(0, 1).reshape({query.size(0), hidden})};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto plan =
        c10::static_intrusive_pointer_cast<AttentionPlan>(context->saved_data["plan"].toCapsule());
    const std::int64_t heads = plan->heads;
    const at::Tensor& x = saved[0];
    const at::Tensor& weight = saved[1];
    const at::Tensor& bias = saved[2];
    const Span span("first tokens' attention backward", operations(x, heads, 4));
    const at::Tensor gradient = by_head(gradients[1].contiguous(), heads);
    const at::Tensor value = of_heads(third(weight, 2), heads);
    const at::Tensor grad_sums = at::bmm(gradient, value);
    const at::Tensor grad_totals = at::bmm(gradient, of_heads(third(bias, 2), heads).unsqueeze(2));
    const at::Tensor grad_keys = at::empty_like(saved[4]);
    const auto scale = static_cast<float>(score_scale(x.size(1) / heads));
    const bool wants_x = context->needs_input_grad(0);
    const at::Tensor grad_x = wants_x ? at::empty_like(x) : at::Tensor();
    for_sequences(*plan, [&](std::size_t index) {
      const Sequence sequence(*plan, index, x, saved[5]);
      const auto s = static_cast<std::int64_t>(index);
      const at::Tensor of_sums = grad_sums.select(1, s);
      const at::Tensor of_scores = at::addmm(grad_totals.select(1, s), of_sums, sequence.tokens.t());
      sequence.drop(of_scores);
      for (std::int64_t head = 0; head < heads; ++head) {
        const std::int64_t row = head * sequence.length;
        kernels::table().softmax_backward(sequence.probability.const_data_ptr<float>() + row,
                                          of_scores.mutable_data_ptr<float>() + row, sequence.length, scale);
      }
      grad_keys.select(1, s).copy_(at::mm(of_scores, sequence.tokens));
      if (!wants_x) return;
      at::Tensor of_tokens = grad_x.narrow(0, plan->offsets[index], sequence.length);
      at::mm_out(of_tokens, sequence.dropped().t(), of_sums);
      of_tokens.addmm_(of_scores.t(), saved[4].select(1, s));
    });
    const at::Tensor grad_query = at::bmm(grad_keys, of_heads(third(weight, 1), heads).transpose(1, 2))
                                      .transpose(0, 1)
                                      .reshape_as(saved[3]);
    const at::Tensor first = x.index_select(0, first_rows(*plan));
    if (wants_x) {
      const at::Tensor grad_first = at::mm(grad_query, third(weight, 0));
      if (gradients[0].defined()) grad_first.add_(gradients[0]);
      grad_x.index_add_(0, first_rows(*plan), grad_first);
    }
    variable_list results(4);
    results[0] = grad_x;
    if (context->needs_input_grad(1)) {
      results[1] = at::empty_like(weight);
      at::Tensor of_query = third(results[1], 0);
      at::Tensor of_key = of_heads(third(results[1], 1), heads);
      at::Tensor of_value = of_heads(third(results[1], 2), heads);
      at::mm_out(of_query, grad_query.t(), first);
      at::bmm_out(of_key, by_head(saved[3], heads).transpose(1, 2), grad_keys);
      at::bmm_out(of_value, gradient.transpose(1, 2), saved[6]);
    }
    results[2] = at::cat(
        {grad_query.sum(0), at::zeros_like(third(bias, 1)), (gradient * saved[7]).sum(1).reshape({-1})});
    return results;
  }

 private:
  static at::Tensor first_rows(const AttentionPlan& plan) {
    return at::tensor(at::IntArrayRef(plan.offsets).slice(0, plan.documents.size()));
  }
};

}  // namespace

FirstTokens first_token_attention(const at::Tensor& x, const Linear& query_key_value,
                                  const PackedBatch& batch, std::int64_t heads, double dropout,
                                  const DropoutState& state, std::int64_t layer,
                                  Implementation implementation) {
  if (takes_kernels(x, implementation)) {
    const variable_list results = FirstTokenAttention::apply(
        x, query_key_value.weight, query_key_value.bias, plan_attention(batch, heads, dropout, state, layer));
    return {results[0], results[1]};
  }
  const std::int64_t hidden = x.size(1);
  const at::Tensor input = first_token(x, batch);
  const at::Tensor query = linear(input, query_key_value.rows(0, hidden), implementation);
  const at::Tensor key_value = linear(x, query_key_value.rows(hidden, 2 * hidden), implementation);
  return {input, first_token_attention(query, key_value, batch, heads, dropout, state, layer)};
}

at::Tensor first_token_attention(const at::Tensor& query, const at::Tensor& key_value,
                                 const PackedBatch& batch, std::int64_t heads, double dropout,
                                 const DropoutState& state, std::int64_t layer) {
  const auto plan = plan_attention(batch, heads, dropout, state, layer);
  const std::int64_t width = query.size(1) / heads;
  const double scale = score_scale(width);
  const std::vector<at::Tensor> queries = query.view({query.size(0), heads, width, 1}).unbind(0);
  const std::vector<at::Tensor> pieces = key_value.split_with_sizes(lengths(batch.offsets));
  std::vector<at::Tensor> contexts;
  contexts.reserve(queries.size());
  std::vector<float> row;
  for (std::size_t s = 0; s < queries.size(); ++s) {
    const std::int64_t length = pieces[s].size(0);
    const auto parts = pieces[s].view({length, 2, heads, width}).permute({1, 2, 0, 3}).unbind(0);
    at::Tensor probability = at::softmax(at::bmm(parts[0], queries[s]) * scale, 1);  // [heads, length, 1]
    if (plan->dropout > 0) {
      at::Tensor multipliers = at::empty({heads, length, 1}, at::kFloat);
      for (std::int64_t head = 0; head < heads; ++head) {
        fill_multipliers(*plan, s, head, 0, 1, row);
        std::copy(row.begin(), row.end(), multipliers[head].mutable_data_ptr<float>());
      }
      probability = probability * multipliers.to(probability.options());
    }
    contexts.push_back(at::bmm(probability.transpose(1, 2), parts[1]).view({heads * width}));
  }
  return at::stack(contexts);
}

}  // namespace quire::nn
