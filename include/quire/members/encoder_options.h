// The options of the encoder member, with their defaults. Other learners have a header each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace quire {

// Names and meanings as in `quire train --help`; src/pipeline/encoder_options.cpp lists them.
struct EncoderOptions {
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
  std::int64_t epochs = 3;
  std::int64_t batch_size = 16;  // documents in a micro-batch
  std::int64_t gradient_accumulation_steps = 1;
  std::int64_t max_steps = 0;   // optimiser steps in a fold; 0: all epochs
  double learning_rate = 5e-5;  // of the top layer
  double head_learning_rate = 1e-4;
  double layer_decay = 0.95;
  double weight_decay = 0.01;
  std::string schedule = "linear";
  double warmup_ratio = 0.1;
  std::int64_t warmup_steps = 0;  // 0: by the ratio
  double max_grad_norm = 1.0;     // 0: no clipping
  std::int64_t freeze_layers = 0;
  bool freeze_embeddings = false;

  // Loss.
  double label_smoothing = 0;
  std::string class_weights = "none";  // balanced, effective, or a file
  double focal_gamma = 0;
  double r_drop = 0;
  std::string adversarial = "none";  // fgm, pgd
  double adversarial_epsilon = 1.0;
  std::int64_t adversarial_steps = 3;

  // Which weights are kept.
  std::string select = "auto";    // last, best, best-of-fold
  std::int64_t average_best = 1;  // epochs whose weights are averaged
  double ema = 0;                 // decay a step; 0: none
  std::int64_t patience = 0;      // epochs; 0: never stops early

  std::string precision = "auto";  // bf16 where it is faster: docs/results.md has both on R8
  std::string device = "cpu";
  double save_every = 10;  // minutes
};

}  // namespace quire
