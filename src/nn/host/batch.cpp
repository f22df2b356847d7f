#include "quire/nn/batch.h"

#include <algorithm>
#include <numeric>

#include "quire/nn/aten.h"

namespace quire::nn {
namespace {

// Windows of a document draw dropout of their own; the first has the document's key.
std::uint32_t window_key(std::uint32_t document, std::size_t window) {
  return document + static_cast<std::uint32_t>(window) * 0x9E3779B9U;
}

void append_windows(const TokenizedDocument& document, PackedBatch& batch) {
  const auto whole = static_cast<std::int32_t>(document.ids.size());
  const std::span<const std::int32_t> lengths =
      document.windows.empty() ? std::span(&whole, 1) : document.windows;
  for (std::size_t w = 0; w < lengths.size(); ++w) {
    batch.offsets.push_back(batch.offsets.back() + lengths[w]);
    batch.documents.push_back(window_key(document.index, w));
  }
  batch.windows.push_back(batch.sequences());
}

}  // namespace

PackedBatch pack(std::span<const TokenizedDocument> documents, c10::Device device) {
  PackedBatch batch;
  batch.offsets.push_back(0);
  batch.windows.push_back(0);
  for (const TokenizedDocument& document : documents) append_windows(document, batch);
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
  }
  for (std::size_t s = 0; s + 1 < batch.offsets.size(); ++s) {
    for (std::int64_t i = 0; i < batch.offsets[s + 1] - batch.offsets[s]; ++i) *positions++ = i;
  }
  for (at::Tensor* tensor : {&batch.ids, &batch.positions, &batch.segments}) *tensor = tensor->to(device);
  return batch;
}

PackedBatch first_rows(const PackedBatch& batch) {
  PackedBatch firsts;
  firsts.documents = batch.documents;
  firsts.windows = batch.windows;
  firsts.offsets.resize(batch.offsets.size());
  std::iota(firsts.offsets.begin(), firsts.offsets.end(), 0);
  return firsts;
}

std::vector<std::int64_t> lengths(std::span<const std::int64_t> offsets) {
  std::vector<std::int64_t> result(offsets.size() - 1);
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = offsets[i + 1] - offsets[i];
  return result;
}

}  // namespace quire::nn
