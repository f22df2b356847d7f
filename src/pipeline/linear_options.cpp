#include "pipeline/option_tables.h"

namespace quire {

void add_linear_options(TrainOptions& options, std::vector<Option>& table) {
  LinearOptions& o = options.linear;
  const std::vector<Option> own = {
      {.name = "loss",
       .help = "svm (one against the rest, squared hinge) or logistic (softmax)",
       .value = &o.loss,
       .choices = {"svm", "logistic"}},
      {.name = "c",
       .help = "inverse strength of the penalty (default: chosen on rows held out of the training rows)",
       .value = &o.c,
       .least = 1e-9,
       .most = 1e9},
      {.name = "clean",
       .help = "steps of cleaning, comma-separated: lowercase, lemmatize, strip-latex, strip-urls, stop-words, none",
       .value = &o.clean},
      {.name = "min-word-ngram",
       .help = "shortest n-gram of words",
       .value = &o.min_word_ngram,
       .least = 1,
       .most = 20},
      {.name = "max-word-ngram",
       .help = "longest n-gram of words; 0: none",
       .value = &o.max_word_ngram,
       .least = 0,
       .most = 20},
      {.name = "min-char-ngram",
       .help = "shortest n-gram of characters within words",
       .value = &o.min_char_ngram,
       .least = 0,
       .most = 20},
      {.name = "max-char-ngram",
       .help = "longest n-gram of characters within words; 0: none",
       .value = &o.max_char_ngram,
       .least = 0,
       .most = 20},
      {.name = "min-df",
       .help = "a term occurs in at least so many training rows (below 1: such a share)",
       .value = &o.min_df,
       .least = 0,
       .most = kMany},
      {.name = "max-df",
       .help = "a term occurs in at most such a share of the training rows (above 1: so many)",
       .value = &o.max_df,
       .least = 0,
       .most = kMany},
      {.name = "max-features",
       .help = "the most frequent terms are kept; 0: all",
       .value = &o.max_features,
       .least = 0,
       .most = kMany},
      {.name = "sublinear-tf",
       .help = "counts become 1 + ln(count)",
       .value = &o.sublinear_tf},
  };
  table.insert(table.end(), own.begin(), own.end());
}

}  // namespace quire
