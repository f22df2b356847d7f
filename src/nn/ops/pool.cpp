#include "quire/nn/aten.h"
#include "quire/nn/ops.h"

namespace quire::nn {
namespace {

at::Tensor index_tensor(std::span<const std::int64_t> values, const at::Tensor& like) {
  return at::tensor(at::ArrayRef<std::int64_t>(values.data(), values.size()), at::kLong).to(like.device());
}

}  // namespace

at::Tensor mean_pool(const at::Tensor& hidden, const PackedBatch& batch) {
  std::vector<at::Tensor> means;
  means.reserve(batch.documents.size());
  for (const at::Tensor& rows : hidden.split_with_sizes(lengths(batch.offsets)))
    means.push_back(rows.mean(0));
  return at::stack(means);
}

at::Tensor max_pool(const at::Tensor& rows, std::span<const std::int64_t> offsets) {
  std::vector<at::Tensor> largest;
  largest.reserve(offsets.size());
  for (const at::Tensor& piece : rows.split_with_sizes(lengths(offsets))) largest.push_back(piece.amax(0));
  return at::stack(largest);
}

at::Tensor first_token(const at::Tensor& hidden, const PackedBatch& batch) {
  return hidden.index_select(0, index_tensor({batch.offsets.data(), batch.documents.size()}, hidden));
}

}  // namespace quire::nn
