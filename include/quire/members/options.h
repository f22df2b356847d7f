// The options of each learner, with their defaults.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace quire {

// Names and meanings as in `quire train --help`; include/quire/pipeline/options.h lists them.
struct EncoderOptions {
  std::string model;              // directory in Hugging Face's layout
  std::string head = "standard";  // or mean
  std::int64_t max_length = 300;  // tokens of a document, special tokens included
  std::int64_t epochs = 3;
  std::int64_t batch_size = 16;  // documents in a micro-batch
  std::int64_t gradient_accumulation_steps = 1;
  std::int64_t max_steps = 0;   // optimiser steps in a fold; 0: all epochs
  double learning_rate = 5e-5;  // of the top layer
  double head_learning_rate = 1e-4;
  double layer_decay = 0.95;
  double weight_decay = 0.01;
  double warmup_ratio = 0.1;
  double max_grad_norm = 1.0;     // 0: no clipping
  std::optional<double> dropout;  // default: the model's own
  std::string select = "best";    // or last
  double save_every = 10;         // minutes
};

}  // namespace quire
