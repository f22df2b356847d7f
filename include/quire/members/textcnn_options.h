// The options of the TextCNN member, with their defaults.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quire {

struct TextcnnOptions {
  // Directory of an encoder: its tokenizer then cuts the texts. Empty: words of the training rows.
  std::string model;
  // random; `model`: the encoder's table of word embeddings; or a text file of word vectors (.vec).
  std::string embeddings = "random";
  // Steps of cleaning before words are told apart, as --clean of the other members.
  std::vector<std::string> clean = {"lowercase"};
  std::string punctuation = "drop";  // drop, split, keep
  std::int64_t min_count = 2;        // words that occur less often in the training rows are unknown
  std::int64_t max_length = 400;     // words or tokens of a document

  std::int64_t dim = 300;      // of random embeddings
  std::int64_t filters = 256;  // of each width
  std::int64_t min_width = 1;  // words a filter spans
  std::int64_t max_width = 3;
  double dropout = 0.5;

  std::int64_t epochs = 10;
  std::int64_t batch_size = 32;
  double learning_rate = 3e-3;  // at 1e-3 ten epochs of 2,000 documents underfit (docs/results.md)
  double weight_decay = 0.01;
  std::string schedule = "linear";
  double warmup_ratio = 0.1;
  double max_grad_norm = 1.0;
  double label_smoothing = 0;
  std::string class_weights = "none";
  std::string adversarial = "none";
  double adversarial_epsilon = 1.0;
  std::int64_t adversarial_steps = 3;
  std::string select = "auto";  // last, best, best-of-fold
  double ema = 0;
  std::int64_t patience = 0;
  std::string device = "cpu";
  double save_every = 10;  // minutes
};

}  // namespace quire
