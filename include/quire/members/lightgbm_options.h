// The options of the LightGBM member, with their defaults.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quire {

// The features' names and meanings are scikit-learn's, as in LinearOptions; the trees' are LightGBM's.
//
// The defaults are chosen for texts, and so that 39 classes times 36,000 documents take minutes; where
// they differ from LightGBM's, its own stand beside them. Two parameters that are given through
// `parameters` have defaults of our own, too: lambda_l2=2 (LightGBM: 0) and min_sum_hessian_in_leaf=0.5
// (0.001). Without them the leaves of rare words predict too confidently, and the validation loss turns
// after some 20 rounds.
struct LightgbmOptions {
  // Steps of cleaning: lowercase, lemmatize, strip-latex, strip-urls, stop-words, none.
  std::vector<std::string> clean = {"lowercase"};
  // n-grams of words: shortest and longest; max 0: none.
  std::int64_t min_word_ngram = 1;
  std::int64_t max_word_ngram = 1;
  // n-grams of characters within words, their edges marked by spaces; max 0: none.
  std::int64_t min_char_ngram = 0;
  std::int64_t max_char_ngram = 0;
  // A term must occur in at least so many (from 1 on) or such a share (below 1) of the training rows.
  double min_df = 5;
  // A term must occur in at most so many (above 1) or such a share (up to 1) of the training rows.
  double max_df = 1.0;
  // The most frequent terms that are kept; 0: all.
  std::int64_t max_features = 20000;
  // Counts become 1 + ln(count).
  bool sublinear_tf = true;

  // The most boosting rounds; a round is one tree for each class.
  std::int64_t rounds = 200;
  // Stop when the log loss on the validation rows has not fallen for so many rounds, and keep the best
  // round; 0: never stop early. Without validation rows all rounds are done.
  std::int64_t early_stopping_rounds = 10;
  // Which rows those are: `best`, held out of the fold's own training rows; `best-of-fold`, the rows that the
  // fold is scored on, whose score is then too good.
  std::string select = "best";
  // Leaves of a tree. LightGBM: 31.
  std::int64_t num_leaves = 15;
  // Shrinkage of each tree.
  double learning_rate = 0.1;
  // Rows a leaf must hold. LightGBM: 20.
  std::int64_t min_data_in_leaf = 10;
  // Share of the features that each tree may use. LightGBM: 1.
  double feature_fraction = 0.1;
  // Share of the rows that trees see, drawn anew every `bagging_freq` rounds; 1 or 0: all rows.
  double bagging_fraction = 1.0;
  std::int64_t bagging_freq = 0;
  // Bins of a feature's values. LightGBM: 255.
  std::int64_t max_bin = 15;
  // none | balanced | effective, or a file with lines LABEL<tab>WEIGHT: how much the rows of a class count.
  std::string class_weights = "none";
  // "name=value" for any other parameter of LightGBM, by its name or an alias of it.
  std::vector<std::string> parameters;
};

}  // namespace quire
