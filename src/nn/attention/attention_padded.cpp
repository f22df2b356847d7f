// Attention for devices that want few large operations: [sequences, heads, longest, width].
#include <limits>

#include "nn/attention/attention.h"
#include "nn/ops/dropout.h"

namespace quire::nn {
namespace {

// Where tokens stand in the padded layout, and back. Padding holds copies of a sequence's last token,
// which nothing reads.
struct PaddedLayout {
  std::int64_t sequences = 0, longest = 0;
  bool padded = false;
  at::Tensor tokens;   // [sequences * longest], of each place its row in the packed tensor
  at::Tensor places;   // [T], of each token its place
  at::Tensor lengths;  // [sequences]
};

PaddedLayout lay_out(const AttentionPlan& plan, c10::Device device) {
  PaddedLayout layout;
  layout.sequences = static_cast<std::int64_t>(plan.documents.size());
  layout.longest = plan.longest();
  std::vector<std::int64_t> tokens;
  std::vector<std::int64_t> places;
  std::vector<std::int64_t> lengths;
  for (std::size_t s = 0; s < plan.documents.size(); ++s) {
    const std::int64_t length = plan.length(s);
    for (std::int64_t i = 0; i < layout.longest; ++i) {
      if (i < length) places.push_back(static_cast<std::int64_t>(tokens.size()));
      tokens.push_back(plan.offsets[s] + std::min(i, length - 1));
    }
    lengths.push_back(length);
  }
  layout.padded = places.size() < tokens.size();
  layout.tokens = at::tensor(tokens).to(device);
  layout.places = at::tensor(places).to(device);
  layout.lengths = at::tensor(lengths).to(device);
  return layout;
}

// Which keys are tokens, bool [sequences, 1, 1, longest]; undefined where all are.
at::Tensor real_keys(const PaddedLayout& layout) {
  if (!layout.padded) return {};
  const at::Tensor place = at::arange(layout.longest, layout.lengths.options());
  return (place < layout.lengths.unsqueeze(1)).view({layout.sequences, 1, 1, layout.longest});
}

// Dropout's multipliers of the probabilities [sequences, heads, longest, longest]. Element (r, c) of a
// document of L tokens is number r * L + c of its stream, whatever the layout.
at::Tensor padded_multipliers(const AttentionPlan& plan, const PaddedLayout& layout) {
  std::vector<DropoutPiece> pieces;
  for (std::size_t s = 0; s < plan.documents.size(); ++s) {
    for (std::int64_t head = 0; head < plan.heads; ++head) {
      const std::uint32_t site = dropout_site(plan.layer, Site::attention) + static_cast<std::uint32_t>(head);
      pieces.push_back({plan.documents[s], network_site(plan.state, site), plan.length(s) * plan.length(s)});
    }
  }
  const at::Tensor drawn = draw_multipliers(pieces, dropout_stream(plan.state, 0, 0),
                                            kernels::DropoutRate(plan.dropout), layout.tokens.device());
  std::vector<std::int64_t> starts = piece_starts(pieces);
  starts.pop_back();
  const at::Tensor start = at::tensor(starts).to(drawn.device()).view({layout.sequences, plan.heads, 1, 1});
  const at::Tensor length = layout.lengths.view({-1, 1, 1, 1});
  const at::Tensor place = at::minimum(at::arange(layout.longest, layout.lengths.options()), length - 1);
  return drawn.take(start + place.transpose(2, 3) * length + place);
}

at::Tensor attend_with_dropout(const std::vector<at::Tensor>& qkv, const at::Tensor& keys,
                               const AttentionPlan& plan, const PaddedLayout& layout, double scale) {
  at::Tensor scores = at::matmul(qkv[0] * scale, qkv[1].transpose(2, 3));
  if (keys.defined())
    scores = scores.masked_fill(keys.logical_not(), -std::numeric_limits<float>::infinity());
  const at::Tensor kept = at::softmax(scores, -1, at::kFloat) * padded_multipliers(plan, layout);
  return at::matmul(kept.to(qkv[2].scalar_type()), qkv[2]);
}

}  // namespace

at::Tensor padded_attention(const at::Tensor& qkv, const AttentionPlan& plan) {
  const PaddedLayout layout = lay_out(plan, qkv.device());
  const std::int64_t hidden = qkv.size(1) / 3;
  const std::int64_t width = hidden / plan.heads;
  const std::vector<at::Tensor> parts = qkv.index_select(0, layout.tokens)
                                            .view({layout.sequences, layout.longest, 3, plan.heads, width})
                                            .permute({2, 0, 3, 1, 4})
                                            .unbind(0);
  const at::Tensor keys = real_keys(layout);
  const double scale = score_scale(width);
  // ATen's fused attention draws masks of its own, which depend on the batch.
  const at::Tensor attended =
      plan.dropout > 0 ? attend_with_dropout(parts, keys, plan, layout, scale)
                       : at::scaled_dot_product_attention(parts[0], parts[1], parts[2],
                                                          keys.defined() ? std::optional(keys) : std::nullopt,
                                                          /*dropout_p=*/0, /*is_causal=*/false, scale);
  return attended.transpose(1, 2).reshape({-1, hidden}).index_select(0, layout.places);
}

}  // namespace quire::nn
