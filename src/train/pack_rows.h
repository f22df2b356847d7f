// Rows of a corpus as a network takes them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quire/nn/batch.h"
#include "quire/text/token_corpus.h"

namespace quire::train {

// A row's number is the key of its dropout.
[[nodiscard]] inline nn::PackedBatch pack_rows(const TokenCorpus& corpus, std::span<const std::int64_t> rows,
                                               c10::Device device) {
  std::vector<nn::TokenizedDocument> documents;
  documents.reserve(rows.size());
  for (const std::int64_t row : rows) {
    documents.push_back(
        {corpus.ids(row), corpus.segments(row), static_cast<std::uint32_t>(row), corpus.windows(row)});
  }
  return nn::pack(documents, device);
}

}  // namespace quire::train
