// The options of the linear member, with their defaults.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quire {

// Names and meanings are scikit-learn's where it has them.
struct LinearOptions {
  // Which linear model: `logistic` is multinomial logistic regression, `svm` a linear support vector
  // machine (one against the rest, squared hinge) whose scores a temperature makes probabilities.
  std::string loss = "svm";
  // How little the weights are held back. Default: the best of a few by accuracy on rows held out of
  // the fold's training rows.
  std::optional<double> c;

  // Steps of cleaning: lowercase, lemmatize, strip-latex, strip-urls, stop-words, none.
  std::vector<std::string> clean = {"lowercase"};
  // n-grams of words: shortest and longest; max 0: none.
  std::int64_t min_word_ngram = 1;
  std::int64_t max_word_ngram = 2;
  // n-grams of characters within words, their edges marked by spaces; max 0: none.
  std::int64_t min_char_ngram = 3;
  std::int64_t max_char_ngram = 0;
  // A term must occur in at least so many (from 1 on) or such a share (below 1) of the training rows.
  double min_df = 2;
  // A term must occur in at most so many (above 1) or such a share (up to 1) of the training rows.
  double max_df = 1.0;
  // The most frequent terms that are kept; 0: all.
  std::int64_t max_features = 0;
  // Counts become 1 + ln(count).
  bool sublinear_tf = true;
};

}  // namespace quire
