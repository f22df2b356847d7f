// AdamW on a table of embeddings, of which a step reads few rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quire/kernels/kernels.h"
#include "quire/nn/aten.h"

namespace quire::train {

// A row without a gradient still moves in dense AdamW: its momentum carries it on and its weights decay.
// Here such a row misses the step, and makes it up when somebody asks for the row: the missed steps are
// taken one by one, each with its own learning rate and bias corrections. So it does not matter when a row
// catches up, nor how often: the bytes are the same, and a checkpoint needs no more than caught-up rows.
class LazyRows {
 public:
  // The tensors are changed in place: the table [rows, width] and its moments.
  LazyRows(const at::Tensor& table, const at::Tensor& first_moment, const at::Tensor& second_moment);

  // One step of the rows of a coalesced sparse gradient. The others miss it.
  void step(const at::Tensor& gradient, const kernels::AdamWStep& step);

  // Makes up for what the rows missed. Before a row is read it must have caught up.
  void catch_up(std::span<const std::int64_t> rows);
  void catch_up();  // all rows

 private:
  struct Stale;
  void replay(std::span<const Stale> rows);
  [[nodiscard]] std::int64_t steps() const { return static_cast<std::int64_t>(history_.size()); }

  at::Tensor table_, first_, second_;
  std::int64_t width_;
  std::vector<kernels::AdamWStep> history_;  // since all rows had caught up
  std::vector<std::int64_t> taken_;          // of each row, how many steps of the history
};

}  // namespace quire::train
