// Rows of the table of word embeddings.
#pragma once

#include <cstdint>

#include "quire/nn/aten.h"

namespace quire::nn {

inline constexpr std::int64_t kNoPadding = -1;

// The rows `ids` of `table`: [tokens, width]. Row `padding`, the padding token's, never learns, as in
// transformers. A batch reads few rows of the table, so where our kernels run its gradient is sparse (COO,
// one sparse dimension): the rows that were read in rising order, each once, summed over its tokens from
// the first to the last. The twin's is dense.
[[nodiscard]] at::Tensor look_up_words(const at::Tensor& table, const at::Tensor& ids,
                                       std::int64_t padding = kNoPadding);

// The row of a table for each token. Throws for an id that the table lacks.
class TableRows {
 public:
  TableRows(const at::Tensor& table, const at::Tensor& ids)
      : table_(table.const_data_ptr<float>()),
        ids_(ids.const_data_ptr<std::int64_t>()),
        width_(table.size(1)) {
    for (std::int64_t i = 0; i < ids.size(0); ++i)
      TORCH_CHECK(ids_[i] >= 0 && ids_[i] < table.size(0), "no embedding has the index ", ids_[i]);
  }
  [[nodiscard]] const float* operator[](std::int64_t token) const { return table_ + ids_[token] * width_; }

 private:
  const float* table_;
  const std::int64_t* ids_;
  std::int64_t width_;
};

// Sums of `rows` [tokens, width] over the tokens of each id but `padding`, from the first token to the last:
// the gradient of a table of `count` rows, sparse with its ids in rising order, or dense.
[[nodiscard]] at::Tensor sparse_row_sums(const at::Tensor& ids, const at::Tensor& rows, std::int64_t count,
                                         std::int64_t padding);
[[nodiscard]] at::Tensor row_sums(const at::Tensor& ids, const at::Tensor& rows, std::int64_t count,
                                  std::int64_t padding);

// The numbers of a gradient: of all rows, or of those that a sparse one has.
[[nodiscard]] at::Tensor gradient_values(const at::Tensor& gradient);

}  // namespace quire::nn
