// The options of the fastText member, with their defaults.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quire {

// Names, meanings and units are fastText's own; where a default is ours, fastText's stands beside it.
struct FasttextOptions {
  // Steps of cleaning: lowercase, lemmatize, strip-latex, strip-urls, stop-words, none.
  std::vector<std::string> clean = {"lowercase"};
  // Signs that are neither letters, digits nor '_': drop | split (each a word of its own) | keep (they
  // stay a part of the word they touch, as fastText reads a plain text).
  std::string punctuation = "drop";

  // Initial learning rate; it falls linearly to 0. fastText: 0.1.
  double learning_rate = 1.0;
  // Size of the vectors. With `pretrained_vectors` the file's size is used instead. fastText: 100.
  std::int64_t dim = 50;
  // Passes over the training rows. fastText: 5.
  std::int64_t epochs = 20;
  // Longest n-gram of words; 1: single words.
  std::int64_t word_ngrams = 1;
  // Shortest and longest n-gram of characters; longest 0: none.
  std::int64_t min_char_ngram = 0;
  std::int64_t max_char_ngram = 0;
  // Words that occur less often in the training rows are left out.
  std::int64_t min_count = 1;
  // softmax | hs (hierarchical softmax) | ns (negative sampling) | ova (one against all). Whatever the
  // loss, the probabilities of a document are made to sum to 1.
  std::string loss = "softmax";
  // Hash buckets shared by the n-grams of words and of characters; each takes 4 * dim bytes in memory
  // and in model.bin. Unused without n-grams. fastText: 2,000,000 (400 MB at dim 50).
  std::int64_t bucket = 200000;
  // Text file of word vectors (.vec: a line "WORDS DIM", then a line for each word); empty: none.
  std::string pretrained_vectors;
  // Minutes that each fold spends on a search over learning rate, epochs, dim and n-grams, judged on a
  // tenth of its training rows, before it trains on all of them; 0: no search. How far the search gets
  // depends on the machine's speed, and so may the result.
  double search_minutes = 0;
  // Threads of a training. Only 1 is reproducible: fastText's threads change one model without locks,
  // so that with more of them two runs of the same seed differ. 0: as many as the program uses.
  std::int64_t threads = 1;
};

}  // namespace quire
