// Self-attention over packed documents, one document at a time.
#include "nn/attention/attention.h"

#include "nn/ops/dropout.h"
#include "quire/base/profile.h"
#include "quire/kernels/gemm.h"
#include "quire/kernels/kernels.h"
#include "quire/nn/implementation.h"

namespace quire::nn {

void fill_multipliers(const AttentionPlan& plan, std::size_t b, std::int64_t head, std::int64_t first,
                      std::int64_t last, std::vector<float>& multipliers) {
  const std::uint32_t site = dropout_site(plan.layer, Site::attention) + static_cast<std::uint32_t>(head);
  const std::int64_t length = plan.length(b);
  multipliers.resize(static_cast<std::size_t>((last - first) * length));
  kernels::table().keep_multipliers(multipliers.data(), first * length, (last - first) * length,
                                    dropout_stream(plan.state, plan.documents[b], site),
                                    kernels::DropoutRate(plan.dropout));
}

c10::intrusive_ptr<AttentionPlan> plan_attention(const PackedBatch& batch, std::int64_t heads, double dropout,
                                                 const DropoutState& state, std::int64_t layer) {
  auto plan = c10::make_intrusive<AttentionPlan>();
  plan->offsets = batch.offsets;
  plan->documents = batch.documents;
  plan->heads = heads;
  plan->layer = layer;
  plan->dropout = state.active ? dropout : 0;
  plan->state = state;
  return plan;
}

namespace {

using PlanPointer = c10::intrusive_ptr<AttentionPlan>;

// Views of one document's rows of a packed [T, parts * hidden] tensor: [parts][heads, length, width].
std::vector<at::Tensor> split_heads(const at::Tensor& packed, std::int64_t begin, std::int64_t end,
                                    std::int64_t parts, std::int64_t heads) {
  const std::int64_t width = packed.size(1) / (parts * heads);
  return packed.slice(0, begin, end).view({end - begin, parts, heads, width}).permute({1, 2, 0, 3}).unbind(0);
}

// The first `count` elements of scratch memory as [heads, length, length].
at::Tensor score_view(const at::Tensor& scratch, std::int64_t heads, std::int64_t length) {
  return scratch.narrow(0, 0, heads * length * length).view({heads, length, length});
}

// Calls body(head, first row, last row) over all rows of [heads, length] in parallel.
template <typename Body>
void for_rows(std::int64_t heads, std::int64_t length, Body body) {
  constexpr std::int64_t kElementsPerTask = 16384;
  const std::int64_t rows = std::max<std::int64_t>(1, kElementsPerTask / length);
  const std::int64_t pieces = (length + rows - 1) / rows;
  at::parallel_for(0, heads * pieces, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t first = task % pieces * rows;
      body(task / pieces, first, std::min(first + rows, length));
    }
  });
}

// Of one product over all heads and documents: two for each pair of tokens and element of a head.
double product_operations(const AttentionPlan& plan, std::int64_t hidden) {
  double pairs = 0;
  for (std::size_t b = 0; b < plan.documents.size(); ++b)
    pairs += static_cast<double>(plan.length(b) * plan.length(b));
  return 2 * pairs * static_cast<double>(hidden);
}

// Turns products of query and key into probabilities; `kept` receives them after dropout (it may
// be the same memory).
void probabilities(const AttentionPlan& plan, std::size_t b, float scale, float* scores, float* kept) {
  const std::int64_t length = plan.offsets[b + 1] - plan.offsets[b];
  for_rows(plan.heads, length, [&](std::int64_t head, std::int64_t first, std::int64_t last) {
    float* rows = scores + (head * length + first) * length;
    const std::int64_t count = (last - first) * length;
    for (std::int64_t row = 0; row < last - first; ++row)
      kernels::table().softmax(rows + row * length, length, scale);
    float* kept_rows = kept + (head * length + first) * length;
    if (kept != scores) std::copy_n(rows, count, kept_rows);
    if (plan.dropout > 0) {
      thread_local std::vector<float> multipliers;
      fill_multipliers(plan, b, head, first, last, multipliers);
      kernels::table().multiply(kept_rows, multipliers.data(), count);
    }
  });
}

// Gradient of the probabilities after dropout to that of the unscaled scores, in place.
void scores_backward(const AttentionPlan& plan, std::size_t b, float scale, const float* probability,
                     float* gradient) {
  const std::int64_t length = plan.offsets[b + 1] - plan.offsets[b];
  for_rows(plan.heads, length, [&](std::int64_t head, std::int64_t first, std::int64_t last) {
    const std::int64_t start = (head * length + first) * length;
    if (plan.dropout > 0) {
      thread_local std::vector<float> multipliers;
      fill_multipliers(plan, b, head, first, last, multipliers);
      kernels::table().multiply(gradient + start, multipliers.data(), (last - first) * length);
    }
    for (std::int64_t row = 0; row < last - first; ++row) {
      const std::int64_t at = start + row * length;
      kernels::table().softmax_backward(probability + at, gradient + at, length, scale);
    }
  });
}

class PackedAttention : public torch::autograd::Function<PackedAttention> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& qkv_in,
                            const PlanPointer& plan) {
    const Span span("attention forward", 2 * product_operations(*plan, qkv_in.size(1) / 3));
    const at::Tensor qkv = qkv_in.contiguous();
    at::Tensor out = at::empty({qkv.size(0), qkv.size(1) / 3}, qkv.options());
    context->save_for_backward({qkv});
    context->saved_data["plan"] = c10::IValue::make_capsule(plan);
    if (kernels::fp32_tiles() != nullptr) {
      tiled_attention(qkv, *plan, out);
      return out;
    }
    const std::int64_t longest = plan->longest();
    const at::Tensor scratch = at::empty({plan->heads * longest * longest}, qkv.options());
    for (std::size_t b = 0; b < plan->documents.size(); ++b) {
      const std::int64_t begin = plan->offsets[b];
      const std::int64_t end = plan->offsets[b + 1];
      const auto parts = split_heads(qkv, begin, end, 3, plan->heads);
      at::Tensor scores = score_view(scratch, plan->heads, end - begin);
      at::bmm_out(scores, parts[0], parts[1].transpose(1, 2));
      auto* data = scores.mutable_data_ptr<float>();
      probabilities(*plan, b, static_cast<float>(score_scale(parts[0].size(2))), data, data);
      split_heads(out, begin, end, 1, plan->heads)[0].copy_(at::bmm(scores, parts[2]));
    }
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const at::Tensor qkv = context->get_saved_variables()[0];
    const auto plan =
        c10::static_intrusive_pointer_cast<AttentionPlan>(context->saved_data["plan"].toCapsule());
    const at::Tensor grad_out = gradients[0].contiguous();
    const Span span("attention backward", 5 * product_operations(*plan, grad_out.size(1)));
    at::Tensor grad_qkv = at::empty_like(qkv);
    if (kernels::fp32_tiles() != nullptr) {
      tiled_attention_backward(qkv, grad_out, *plan, grad_qkv);
      return {grad_qkv, at::Tensor()};
    }
    const std::int64_t longest = plan->longest();
    const at::Tensor scratch = at::empty({3, plan->heads * longest * longest}, qkv.options());
    for (std::size_t b = 0; b < plan->documents.size(); ++b) {
      const std::int64_t begin = plan->offsets[b];
      const std::int64_t end = plan->offsets[b + 1];
      const auto parts = split_heads(qkv, begin, end, 3, plan->heads);
      const auto grad_parts = split_heads(grad_qkv, begin, end, 3, plan->heads);
      const at::Tensor grad_context = split_heads(grad_out, begin, end, 1, plan->heads)[0];
      at::Tensor probability = score_view(scratch[0], plan->heads, end - begin);
      at::Tensor kept = plan->dropout > 0 ? score_view(scratch[1], plan->heads, end - begin) : probability;
      at::Tensor grad_scores = score_view(scratch[2], plan->heads, end - begin);
      const float scale = static_cast<float>(score_scale(parts[0].size(2)));
      at::bmm_out(probability, parts[0], parts[1].transpose(1, 2));
      probabilities(*plan, b, scale, probability.mutable_data_ptr<float>(), kept.mutable_data_ptr<float>());
      grad_parts[2].copy_(at::bmm(kept.transpose(1, 2), grad_context));
      at::bmm_out(grad_scores, grad_context, parts[2].transpose(1, 2));
      scores_backward(*plan, b, scale, probability.const_data_ptr<float>(),
                      grad_scores.mutable_data_ptr<float>());
      grad_parts[0].copy_(at::bmm(grad_scores, parts[1]));
      grad_parts[1].copy_(at::bmm(grad_scores.transpose(1, 2), parts[0]));
    }
    return {grad_qkv, at::Tensor()};
  }
};

}  // namespace

at::Tensor packed_attention(const at::Tensor& qkv, const PackedBatch& batch, std::int64_t heads,
                            double dropout, const DropoutState& state, std::int64_t layer,
                            Implementation implementation) {
  const PlanPointer plan = plan_attention(batch, heads, dropout, state, layer);
  if (takes_kernels(qkv, implementation)) return PackedAttention::apply(qkv, plan);
  if (implementation == Implementation::automatic && takes_flash(qkv, *plan))
    return flash_attention(qkv, *plan);
  return padded_attention(qkv, *plan);
}

}  // namespace quire::nn
