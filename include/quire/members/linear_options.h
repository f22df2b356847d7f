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
  // Inverse strength of the regularisation. Default: the best of a few by accuracy on rows held out of
  // the fold's training rows.
  std::optional<double> c;

  // none | balanced | effective, or a file with lines LABEL<tab>WEIGHT: how much the rows of a class count.
  std::string class_weights = "none";

  // What it reads of a document: `tfidf`; `vectors`, which a frozen encoder makes; or `both` side by side.
  // Empty: vectors when there is a model, else tfidf.
  std::string features;

  // Of the encoder: its directory in Hugging Face's layout, what it reads of a document in tokens, and the
  // number format of its products (fp32, bf16, auto).
  std::string model;
  std::int64_t max_length = 300;
  std::string precision = "fp32";

  // Of TF-IDF.
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

// What `features` stands for when it is empty.
[[nodiscard]] std::string linear_features(const LinearOptions& options);

}  // namespace quire
