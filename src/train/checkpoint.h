// Where a fit stands, on disk: enough to go on to the same bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "quire/nn/aten.h"
#include "quire/train/loop.h"

namespace quire::train {

// The weights after an epoch that may be kept.
struct Snapshot {
  std::int64_t epoch = 0;
  double rank = 0;  // Score::rank
  std::vector<at::Tensor> weights;
};

struct LoopState {
  std::int64_t epoch = 0;       // the one under way
  std::int64_t next_batch = 0;  // micro-batches of it that are done
  std::int64_t steps = 0;       // optimiser steps done, of all epochs
  // Of this epoch so far.
  double loss_sum = 0, weight = 0;  // see StepLoss
  std::int64_t rows = 0;
  double epoch_seconds = 0;
  std::vector<EpochResult> epochs;
  std::vector<Snapshot> snapshots;   // the best epochs so far, the best first; none with Select::last
  std::vector<at::Tensor> averages;  // of the weights, with an EMA

  void begin_next_epoch() {
    ++epoch;
    next_batch = rows = 0;
    loss_sum = weight = epoch_seconds = 0;
  }
};

// One file, written beside its place and renamed: the state, the weights and the moments.
// `recipe` names everything the result depends on; a checkpoint of another recipe is refused.
void save_checkpoint(const std::filesystem::path& path, const std::string& recipe, const LoopState& state,
                     const std::vector<nn::Parameter>& parameters, const AdamW& optimizer);

// Restores weights and moments in place. Nothing when there is no such file; InputError when it
// does not belong to this recipe and model.
[[nodiscard]] std::optional<LoopState> load_checkpoint(const std::filesystem::path& path,
                                                       const std::string& recipe,
                                                       std::vector<nn::Parameter>& parameters,
                                                       AdamW& optimizer);

}  // namespace quire::train
