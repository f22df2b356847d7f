// The loop over epochs and optimiser steps, for any objective.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "quire/base/context.h"
#include "quire/train/objective.h"
#include "quire/train/optimizer.h"
#include "quire/train/schedule.h"

namespace quire::train {

enum class Select {
  best,  // the epoch whose score ranks highest; the first of equals
  last,
};

struct LoopOptions {
  std::int64_t epochs = 3;
  std::int64_t accumulation_steps = 1;  // micro-batches in an optimiser step
  std::int64_t max_steps = 0;           // optimiser steps; 0: all epochs
  Decay schedule = Decay::linear;
  double warmup_ratio = 0.1;
  std::int64_t warmup_steps = 0;  // 0: by the ratio
  OptimizerOptions optimizer;

  Select select = Select::best;
  std::int64_t average_best = 1;  // epochs whose weights are averaged
  double ema = 0;                 // decay of the average of the weights that is scored and kept; 0: none
  std::int64_t patience = 0;      // epochs without a better score before stopping; 0: never
  double save_every_minutes = 10;
};

struct FitPlan {
  LoopOptions options = {};
  std::uint32_t fold = 0;
  std::int64_t folds = 1;  // for the time left of the whole run
  // log.jsonl, epochs.jsonl and, while it runs, checkpoint.safetensors go here. Empty: nothing is written.
  std::filesystem::path directory = {};
  bool resume = false;  // go on from the checkpoint if there is one
};

struct EpochResult {
  std::int64_t epoch = 0;  // from 0
  double train_loss = 0;   // mean
  Score score = {};
  double seconds = 0;
};

struct LoopResult {
  std::vector<EpochResult> epochs;
  std::int64_t selected_epoch = 0;  // with average_best the best of those averaged
  std::int64_t steps = 0;
};

// Trains the objective's networks in place and leaves them with the weights of the selected epoch. Everything
// random is a function of the context's seed, the fold and the epoch. Throws Interrupted after saving a
// checkpoint when a stop is asked for, and Error when the loss is not finite.
LoopResult fit(Objective& objective, const FitPlan& plan, const Context& context);

// Number of optimiser steps of a fit with so many micro-batches an epoch.
[[nodiscard]] std::int64_t count_steps(std::int64_t batches, const LoopOptions& options);

}  // namespace quire::train
