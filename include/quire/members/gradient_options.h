// What learners that are trained by gradient steps share: the encoder and TextCNN.
#pragma once

#include <cstdint>
#include <string>

namespace quire {

// Names and meanings as in `quire train --help`. The defaults are the encoder's; TextCNN has some of its own.
struct GradientOptions {
  std::int64_t epochs = 3;
  std::int64_t batch_size = 16;  // documents in a micro-batch
  double learning_rate = 5e-5;   // of an encoder's top layer
  double weight_decay = 0.01;
  std::string schedule = "linear";
  double warmup_ratio = 0.1;
  double max_grad_norm = 1.0;  // 0: no clipping

  // Loss.
  double label_smoothing = 0;
  std::string class_weights = "none";  // balanced, effective, or a file
  std::string adversarial = "none";    // fgm, pgd
  double adversarial_epsilon = 1.0;
  std::int64_t adversarial_steps = 3;

  // Which weights are kept.
  std::string select = "auto";  // last, best, best-of-fold
  double ema = 0;               // decay a step; 0: none
  std::int64_t patience = 0;    // epochs; 0: never stops early

  std::string device = "cpu";
  double save_every = 10;  // minutes
};

}  // namespace quire
