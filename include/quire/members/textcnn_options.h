// The options of the TextCNN member, with their defaults.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "quire/members/gradient_options.h"

namespace quire {

struct TextcnnOptions : GradientOptions {
  TextcnnOptions() {
    epochs = 10;
    batch_size = 32;
    learning_rate = 3e-3;  // at 1e-3 ten epochs of 2,000 documents underfit (docs/results.md)
  }

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
};

}  // namespace quire
