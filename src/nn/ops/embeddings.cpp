#include "nn/ops/embeddings.h"

#include <algorithm>

#include "quire/base/profile.h"
#include "quire/kernels/kernels.h"
#include "quire/nn/implementation.h"
#include "quire/nn/look_up.h"

namespace quire::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kRowsPerPiece = 64;  // as in layer_norm.cpp

template <typename Body>
void for_pieces(std::int64_t rows, const Body& body) {
  at::parallel_for(0, (rows + kRowsPerPiece - 1) / kRowsPerPiece, 1,
                   [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t piece = begin; piece < end; ++piece)
                       body(piece, piece * kRowsPerPiece, std::min((piece + 1) * kRowsPerPiece, rows));
                   });
}

class EmbedTokens : public torch::autograd::Function<EmbedTokens> {
 public:
  using T = const at::Tensor&;
  static at::Tensor forward(AutogradContext* context, T words, T segments, T positions, T gamma, T beta,
                            T word_ids, T segment_ids, T position_ids, std::int64_t word_padding,
                            std::int64_t position_padding, double epsilon,
                            const std::shared_ptr<DropoutPlan>& plan) {
    const std::int64_t tokens = word_ids.size(0);
    const std::int64_t width = words.size(1);
    const TableRows word(words, word_ids);
    const TableRows segment(segments, segment_ids);
    const TableRows position(positions, position_ids);
    const at::Tensor sum = at::empty({tokens, width}, words.options().requires_grad(false));
    const at::Tensor stats = at::empty({2, tokens}, sum.options());
    at::Tensor result = at::empty_like(sum);
    auto* sums = sum.mutable_data_ptr<float>();
    auto* means = stats.mutable_data_ptr<float>();
    auto* results = result.mutable_data_ptr<float>();
    const auto* gammas = gamma.const_data_ptr<float>();
    const auto* betas = beta.const_data_ptr<float>();
    for_pieces(tokens, [&](std::int64_t, std::int64_t first, std::int64_t last) {
      std::vector<float> multipliers(static_cast<std::size_t>(width));
      for (std::int64_t t = first; t < last; ++t) {
        float* row = sums + t * width;
        const float* w = word[t];
        const float* s = segment[t];
        const float* p = position[t];
        for (std::int64_t i = 0; i < width; ++i) row[i] = w[i] + s[i] + p[i];
        kernels::table().add_layer_norm(row, nullptr, nullptr, gammas, betas, static_cast<float>(epsilon),
                                        width, row, results + t * width, means + t, means + tokens + t);
        if (!plan->active()) continue;
        plan->fill_row(t, multipliers);
        kernels::table().multiply(results + t * width, multipliers.data(), width);
      }
    });
    context->save_for_backward({sum, stats, gamma, word_ids, segment_ids, position_ids});
    context->saved_data["rows"] =
        std::vector<std::int64_t>{words.size(0), segments.size(0), positions.size(0)};
    context->saved_data["padding"] = std::vector<std::int64_t>{word_padding, position_padding};
    context->saved_data["plan"] = c10::IValue::make_capsule(c10::make_intrusive<PlanHolder>(plan));
    return result;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const Span span("embeddings backward");
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& sum = saved[0];
    const std::int64_t tokens = sum.size(0);
    const std::int64_t width = sum.size(1);
    const auto plan = PlanHolder::get(context->saved_data["plan"]);
    const at::Tensor grad_y = gradients[0].contiguous();
    const at::Tensor grad_sum = at::empty_like(sum);
    const at::Tensor partial =
        at::zeros({(tokens + kRowsPerPiece - 1) / kRowsPerPiece, 2, width}, sum.options());
    const auto* sums = sum.const_data_ptr<float>();
    const auto* means = saved[1].const_data_ptr<float>();
    const auto* gammas = saved[2].const_data_ptr<float>();
    const auto* grad_ys = grad_y.const_data_ptr<float>();
    auto* grad_sums = grad_sum.mutable_data_ptr<float>();
    auto* partials = partial.mutable_data_ptr<float>();
    for_pieces(tokens, [&](std::int64_t piece, std::int64_t first, std::int64_t last) {
      std::vector<float> multipliers(static_cast<std::size_t>(width));
      std::vector<float> row(static_cast<std::size_t>(width));
      float* affine = partials + piece * 2 * width;
      for (std::int64_t t = first; t < last; ++t) {
        std::copy_n(grad_ys + t * width, width, row.data());
        if (plan->active()) {
          plan->fill_row(t, multipliers);
          kernels::table().multiply(row.data(), multipliers.data(), width);
        }
        kernels::table().layer_norm_backward(row.data(), sums + t * width, gammas, means[t],
                                             means[tokens + t], width, grad_sums + t * width, affine,
                                             affine + width);
      }
    });
    const at::Tensor affine = partial.sum(0);
    const std::vector<std::int64_t> rows = context->saved_data["rows"].toIntVector();
    const std::vector<std::int64_t> padding = context->saved_data["padding"].toIntVector();
    variable_list results(12);
    if (context->needs_input_grad(0)) results[0] = sparse_row_sums(saved[3], grad_sum, rows[0], padding[0]);
    if (context->needs_input_grad(1)) results[1] = row_sums(saved[4], grad_sum, rows[1], kNoPadding);
    if (context->needs_input_grad(2)) results[2] = row_sums(saved[5], grad_sum, rows[2], padding[1]);
    results[3] = affine[0];
    results[4] = affine[1];
    return results;
  }
};

}  // namespace

at::Tensor embed_tokens(const EmbeddedIds& words, const EmbeddedIds& segments, const EmbeddedIds& positions,
                        const LayerNorm& norm, double epsilon, const RowLayout& rows, double rate,
                        const DropoutState& state, Implementation implementation) {
  const Span span("embeddings forward");
  const std::uint32_t site = dropout_site(-1, Site::embeddings);
  if (takes_kernels(words.table, implementation)) {
    return EmbedTokens::apply(words.table, segments.table, positions.table, norm.gamma, norm.beta, words.ids,
                              segments.ids, positions.ids, words.padding, positions.padding, epsilon,
                              std::make_shared<DropoutPlan>(rows, rate, state, site));
  }
  const at::Tensor sum = at::embedding(words.table, words.ids, words.padding) +
                         at::embedding(segments.table, segments.ids) +
                         at::embedding(positions.table, positions.ids, positions.padding);
  const at::Tensor normed =
      dropout_add_layer_norm(sum, {}, norm.gamma, norm.beta, epsilon, rows, 0, state, 0, implementation);
  return dropout(normed, rows, rate, state, site);
}

}  // namespace quire::nn
