// Documents packed one after another: there is no padding anywhere.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace quire::nn {

// One document as the encoder takes it: one sequence, or several windows one after another.
struct TokenizedDocument {
  std::span<const std::int32_t> ids;           // special tokens included, of all windows
  std::span<const std::uint8_t> segments;      // 0 or 1 for each token
  std::uint32_t index = 0;                     // its row in the table: the key of its dropout
  std::span<const std::int32_t> windows = {};  // length of each window; empty: one window of all ids
};

// T tokens of S sequences (windows) of B documents. Sequence s has tokens offsets[s] .. offsets[s + 1],
// document b has sequences windows[b] .. windows[b + 1]; without long texts S = B.
struct PackedBatch {
  at::Tensor ids;                        // int64 [T]
  at::Tensor positions;                  // int64 [T], from 0 in each sequence
  at::Tensor segments;                   // int64 [T]
  std::vector<std::int64_t> offsets;     // [S + 1]
  std::vector<std::uint32_t> documents;  // [S], key of a sequence's dropout
  std::vector<std::int64_t> windows;     // [B + 1]

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(windows.size()) - 1; }
  [[nodiscard]] std::int64_t sequences() const { return static_cast<std::int64_t>(documents.size()); }
  [[nodiscard]] std::int64_t tokens() const { return offsets.back(); }
};

// The tensors are made on `device`.
[[nodiscard]] PackedBatch pack(std::span<const TokenizedDocument> documents, c10::Device device = c10::kCPU);

// The layout of a tensor that has the first row of each sequence alone: every sequence has one row.
// Documents and windows are those of `batch`; ids, positions and segments are left out.
[[nodiscard]] PackedBatch first_rows(const PackedBatch& batch);

// Rows of each piece, for at::split_with_sizes: unlike that of slices, its backward pass is one copy.
[[nodiscard]] std::vector<std::int64_t> lengths(std::span<const std::int64_t> offsets);

}  // namespace quire::nn
