// The learning rate over a run, and how documents are drawn into batches.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace quire::train {

// What the learning rate does after warmup.
enum class Decay {
  linear,    // to 0 (transformers' get_linear_schedule_with_warmup)
  cosine,    // along half a cosine to 0 (get_cosine_schedule_with_warmup)
  constant,  // nothing (get_constant_schedule_with_warmup)
};

[[nodiscard]] Decay parse_decay(std::string_view name);

// ceil(ratio * steps), as transformers rounds it.
[[nodiscard]] std::int64_t warmup_steps(std::int64_t steps, double ratio);

// Linear warmup from 0, then decay, in optimiser steps.
class Schedule {
 public:
  Schedule(Decay decay, std::int64_t steps, std::int64_t warmup)
      : decay_(decay), steps_(steps), warmup_(warmup) {}
  // Factor on the learning rate of optimiser step `step`, from 0.
  [[nodiscard]] double factor(std::int64_t step) const;

 private:
  Decay decay_;
  std::int64_t steps_;
  std::int64_t warmup_;
};

// The batches of one epoch: every row once, `batch_size` a batch but for the last one drawn.
// Rows are shuffled, then sorted by length within stretches of 50 batches, and the batches are
// shuffled again: lengths in a batch are alike, the order stays random.
// `lengths` has one entry for each row of the table; the result depends on seed, fold and epoch.
[[nodiscard]] std::vector<std::vector<std::int64_t>> draw_batches(std::span<const std::int64_t> rows,
                                                                  std::span<const std::int32_t> lengths,
                                                                  std::int64_t batch_size, std::uint64_t seed,
                                                                  std::uint32_t fold, std::uint32_t epoch);

}  // namespace quire::train
