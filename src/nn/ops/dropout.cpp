#include "nn/ops/dropout.h"

namespace quire::nn {
namespace {

constexpr std::uint32_t kSitesPerLayer = 1024;

}  // namespace

std::uint32_t dropout_site(std::int64_t layer, Site site) {
  return static_cast<std::uint32_t>(layer + 1) * kSitesPerLayer + static_cast<std::uint32_t>(site);
}

std::uint32_t network_site(const DropoutState& state, std::uint32_t site) {
  return site | (state.network << 24);  // 16,000 layers are below
}

kernels::DropoutStream dropout_stream(const DropoutState& state, std::uint32_t document, std::uint32_t site) {
  return {.seed = state.seed,
          .epoch = state.epoch | (state.pass << 24),
          .document = document,
          .site = network_site(state, site)};
}

DropoutPlan::DropoutPlan(const RowLayout& rows, double probability, const DropoutState& state,
                         std::uint32_t site)
    : active_(state.active && probability > 0), rate_(probability), stream_(dropout_stream(state, 0, site)) {
  if (!active_) return;
  document_.reserve(static_cast<std::size_t>(rows.offsets.back()));
  row_in_document_.reserve(document_.capacity());
  for (std::size_t b = 0; b < rows.documents.size(); ++b) {
    for (std::int64_t row = rows.offsets[b]; row < rows.offsets[b + 1]; ++row) {
      document_.push_back(rows.documents[b]);
      row_in_document_.push_back(static_cast<std::int32_t>(row - rows.offsets[b]));
    }
  }
}

void DropoutPlan::fill_row(std::int64_t row, std::span<float> multipliers) const {
  const auto index = static_cast<std::size_t>(row);
  const auto width = static_cast<std::int64_t>(multipliers.size());
  // Made whole, not copied and changed: the copy would wait for the change to reach the cache, behind all
  // that was written before.
  const kernels::DropoutStream stream{
      .seed = stream_.seed, .epoch = stream_.epoch, .document = document_[index], .site = stream_.site};
  kernels::table().keep_multipliers(multipliers.data(), row_in_document_[index] * width, width, stream,
                                    rate_);
}

at::Tensor DropoutPlan::multipliers(std::int64_t width) const {
  const auto rows = static_cast<std::int64_t>(document_.size());
  at::Tensor result = at::empty({rows, width}, at::kFloat);
  auto* data = result.mutable_data_ptr<float>();
  for (std::int64_t row = 0; row < rows; ++row) {
    fill_row(row, {data + row * width, static_cast<std::size_t>(width)});
  }
  return result;
}

at::Tensor DropoutPlan::multipliers(std::int64_t width, c10::Device device) const {
  std::vector<DropoutPiece> pieces;
  for (std::size_t row = 0; row < document_.size(); ++row) {
    if (row_in_document_[row] == 0) pieces.push_back({document_[row], stream_.site, 0});
    pieces.back().count += width;
  }
  const at::Tensor drawn = draw_multipliers(pieces, stream_, rate_, device);
  const std::vector<std::int64_t> starts = piece_starts(pieces);
  std::vector<at::Tensor> documents;
  for (std::size_t i = 0; i < pieces.size(); ++i)
    documents.push_back(drawn.slice(0, starts[i], starts[i] + pieces[i].count));
  return at::cat(documents).view({-1, width});
}

std::shared_ptr<DropoutPlan> PlanHolder::get(const c10::IValue& value) {
  return c10::static_intrusive_pointer_cast<PlanHolder>(value.toCapsule())->plan;
}

}  // namespace quire::nn
