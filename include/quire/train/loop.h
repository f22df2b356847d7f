// Fine-tuning: the loop over epochs and optimiser steps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "quire/base/context.h"
#include "quire/ensemble/metrics.h"
#include "quire/nn/model.h"
#include "quire/text/token_corpus.h"
#include "quire/train/optimizer.h"
#include "quire/train/schedule.h"

namespace quire::train {

enum class Select {
  best,  // the epoch with the highest accuracy on the validation rows; the first of equals
  last,
};

enum class Adversarial {
  none,
  fgm,  // one step along the gradient (Miyato et al. 2017)
  pgd,  // several, projected back into the ball (Madry et al. 2018)
};

// "none", "fgm", "pgd". InputError otherwise.
[[nodiscard]] Adversarial parse_adversarial(std::string_view name);

struct LoopOptions {
  std::int64_t epochs = 3;
  std::int64_t batch_size = 16;         // documents in a micro-batch
  std::int64_t accumulation_steps = 1;  // micro-batches in an optimiser step
  std::int64_t max_steps = 0;           // optimiser steps; 0: all epochs
  Decay schedule = Decay::linear;
  double warmup_ratio = 0.1;
  std::int64_t warmup_steps = 0;  // 0: by the ratio
  OptimizerOptions optimizer;

  double label_smoothing = 0;
  double focal_gamma = 0;
  std::vector<float> class_weights;  // by class; empty: all 1. They average 1 over the documents
  double r_drop = 0;                 // weight of the divergence between two passes
  Adversarial adversarial = Adversarial::none;
  double adversarial_epsilon = 1;  // norm of the perturbation of the word embeddings
  std::int64_t adversarial_steps = 3;

  bool probe_head = false;  // start the last layer from a logistic regression on frozen features
  Select select = Select::best;
  std::int64_t average_best = 1;  // epochs whose weights are averaged
  double ema = 0;                 // decay of the average of the weights that is scored and kept; 0: none
  std::int64_t patience = 0;      // epochs without a better accuracy before stopping; 0: never
  double save_every_minutes = 10;
};

struct LoopInput {
  const TokenCorpus* corpus = nullptr;
  std::span<const int> labels;          // of every row of the corpus; -1: unknown
  std::span<const std::int64_t> train;  // rows
  std::span<const std::int64_t> valid;  // rows; may be empty: then the last epoch is kept
  std::uint32_t fold = 0;
  std::int64_t folds = 1;  // for the time left of the whole run
  // log.jsonl, epochs.jsonl and, while it runs, checkpoint.safetensors go here.
  std::filesystem::path directory;
  bool resume = false;  // go on from the checkpoint if there is one
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
  std::int64_t selected_epoch = 0;  // with average_best the best of those averaged
  std::int64_t steps = 0;
};

// Trains `model` in place and leaves it with the weights of the selected epoch. Everything random
// is a function of the context's seed, the fold and the epoch. Throws Interrupted after saving
// a checkpoint when a stop is asked for, and Error when the loss is not finite.
LoopResult fit(nn::TextModel& model, const LoopInput& input, const LoopOptions& options,
               const Context& context);

struct OverfitResult {
  std::int64_t steps = 0;
  std::int64_t documents = 0;
  double first_loss = 0, last_loss = 0;
  bool learned = false;  // every document is predicted right
};

// Proves that the model can learn: trains on one batch, without dropout and at a constant learning
// rate, until every document of it is predicted right, at most `most_steps` steps. The model is spoilt.
OverfitResult overfit_batch(nn::TextModel& model, const LoopInput& input, const LoopOptions& options,
                            const Context& context, std::int64_t most_steps = 200);

// Number of optimiser steps of a fit.
[[nodiscard]] std::int64_t count_steps(std::int64_t rows, const LoopOptions& options);

}  // namespace quire::train
