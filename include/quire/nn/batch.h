// Documents packed one after another: there is no padding anywhere.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace quire::nn {

// One document as the encoder takes it.
struct TokenizedDocument {
  std::span<const std::int32_t> ids;       // special tokens included
  std::span<const std::uint8_t> segments;  // 0 or 1 for each token
  std::uint32_t index = 0;                 // its row in the table: the key of its dropout
};

// T tokens of B documents; document b has tokens offsets[b] .. offsets[b + 1].
struct PackedBatch {
  at::Tensor ids;                        // int64 [T]
  at::Tensor positions;                  // int64 [T], from 0 in each document
  at::Tensor segments;                   // int64 [T]
  std::vector<std::int64_t> offsets;     // [B + 1]
  std::vector<std::uint32_t> documents;  // [B]

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(documents.size()); }
  [[nodiscard]] std::int64_t tokens() const { return offsets.back(); }
};

[[nodiscard]] PackedBatch pack(std::span<const TokenizedDocument> documents);

}  // namespace quire::nn
