#include "quire/nn/batch.h"

#include <algorithm>

#include "nn/aten.h"

namespace quire::nn {

PackedBatch pack(std::span<const TokenizedDocument> documents) {
  PackedBatch batch;
  batch.offsets.reserve(documents.size() + 1);
  batch.documents.reserve(documents.size());
  batch.offsets.push_back(0);
  for (const TokenizedDocument& document : documents) {
    batch.offsets.push_back(batch.offsets.back() + static_cast<std::int64_t>(document.ids.size()));
    batch.documents.push_back(document.index);
  }
  const std::int64_t tokens = batch.offsets.back();
  batch.ids = at::empty({tokens}, at::kLong);
  batch.positions = at::empty({tokens}, at::kLong);
  batch.segments = at::empty({tokens}, at::kLong);
  auto* ids = batch.ids.mutable_data_ptr<std::int64_t>();
  auto* positions = batch.positions.mutable_data_ptr<std::int64_t>();
  auto* segments = batch.segments.mutable_data_ptr<std::int64_t>();
  for (const TokenizedDocument& document : documents) {
    ids = std::copy(document.ids.begin(), document.ids.end(), ids);
    segments = std::copy(document.segments.begin(), document.segments.end(), segments);
    for (std::size_t i = 0; i < document.ids.size(); ++i) *positions++ = static_cast<std::int64_t>(i);
  }
  return batch;
}

}  // namespace quire::nn
