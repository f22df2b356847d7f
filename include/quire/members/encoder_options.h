// The options of the encoder member, with their defaults. Other learners have a header each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "quire/members/gradient_options.h"

namespace quire {

// Names and meanings as in `quire train --help`; src/pipeline/encoder_options.cpp lists them.
struct EncoderOptions : GradientOptions {
  std::string model;  // directory in Hugging Face's layout

  // What is read of a document, in tokens with the special ones included.
  std::int64_t max_length = 300;  // of a document, or of a window
  std::string long_text = "head";
  bool keep_first = false;         // the second text alone gives way
  std::int64_t window_stride = 0;  // tokens from one window to the next; 0: no overlap
  std::string window_pooling = "mean";
  std::int64_t max_windows = 8;

  // What stands on the encoder.
  std::string head = "standard";
  std::string head_init = "auto";  // a probe where rows are few, see src/members/encoder/encoder.cpp
  std::string features = "last";
  std::int64_t dropout_samples = 1;
  std::optional<double> dropout;  // default: the model's own
  std::int64_t reinit_layers = 0;

  // Optimisation.
  std::int64_t gradient_accumulation_steps = 1;
  std::int64_t max_steps = 0;  // optimiser steps in a fold; 0: all epochs
  double head_learning_rate = 1e-4;
  double layer_decay = 0.95;
  std::int64_t warmup_steps = 0;  // 0: by the ratio
  std::int64_t freeze_layers = 0;
  bool freeze_embeddings = false;

  // Loss.
  double focal_gamma = 0;
  double r_drop = 0;

  // Which weights are kept.
  std::int64_t average_best = 1;  // epochs whose weights are averaged

  std::string precision = "auto";  // bf16 where it is faster: see docs/results.md
};

}  // namespace quire
