// Fine-tuning: the loop over epochs and optimiser steps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "quire/base/context.h"
#include "quire/nn/classifier.h"
#include "quire/train/corpus.h"
#include "quire/train/metrics.h"
#include "quire/train/optimizer.h"

namespace quire::train {

enum class Select {
  best,  // the epoch with the highest accuracy on the validation rows; the first of equals
  last,
};

struct LoopOptions {
  std::int64_t epochs = 3;
  std::int64_t batch_size = 16;         // documents in a micro-batch
  std::int64_t accumulation_steps = 1;  // micro-batches in an optimiser step
  std::int64_t max_steps = 0;           // optimiser steps; 0: all epochs
  double warmup_ratio = 0.1;
  Select select = Select::best;
  OptimizerOptions optimizer;
  double save_every_minutes = 10;
};

struct LoopInput {
  const TokenCorpus* corpus = nullptr;
  std::span<const int> labels;          // of every row of the corpus; -1: unknown
  std::span<const std::int64_t> train;  // rows
  std::span<const std::int64_t> valid;  // rows; may be empty: then the last epoch is kept
  std::uint32_t fold = 0;
  std::int64_t folds = 1;           // for the time left of the whole run
  std::filesystem::path directory;  // log.jsonl and, while it runs, checkpoint/ go here
  bool resume = false;              // go on from directory/checkpoint if there is one
};

struct EpochResult {
  std::int64_t epoch = 0;  // from 0
  double train_loss = 0;   // mean over its documents
  double valid_loss = 0;
  double valid_accuracy = 0;
  double valid_macro_f1 = 0;
  double seconds = 0;
};

struct LoopResult {
  std::vector<EpochResult> epochs;
  std::int64_t selected_epoch = 0;
  std::int64_t steps = 0;
};

// Trains `model` in place and leaves it with the weights of the selected epoch. Everything random
// is a function of the context's seed, the fold and the epoch. Throws Interrupted after saving
// a checkpoint when a stop is asked for, and Error when the loss is not finite.
LoopResult fit(nn::Classifier& model, const LoopInput& input, const LoopOptions& options,
               const Context& context);

// Number of optimiser steps of a fit.
[[nodiscard]] std::int64_t count_steps(std::int64_t rows, const LoopOptions& options);

}  // namespace quire::train
