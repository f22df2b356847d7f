#include "pipeline/option_tables.h"
#include "pipeline/shared_options.h"

namespace quire {

void add_fasttext_options(TrainOptions& options, std::vector<Option>& table) {
  FasttextOptions& o = options.fasttext;
  const std::vector<Option> own = {
      clean_option(o),
      punctuation_option(o),
      {.name = "learning-rate",
       .help = "at the start; it falls to 0",
       .value = &o.learning_rate,
       .least = 1e-9,
       .most = 100},
      {.name = "dim", .help = "size of the vectors", .value = &o.dim, .least = 1, .most = 100000},
      {.name = "epochs",
       .help = "passes over the training rows",
       .value = &o.epochs,
       .least = 1,
       .most = 100000},
      {.name = "word-ngrams",
       .help = "longest n-gram of words",
       .value = &o.word_ngrams,
       .least = 1,
       .most = 20},
      {.name = "min-char-ngram",
       .help = "shortest n-gram of characters",
       .value = &o.min_char_ngram,
       .least = 0,
       .most = 20},
      {.name = "max-char-ngram",
       .help = "longest n-gram of characters; 0: none",
       .value = &o.max_char_ngram,
       .least = 0,
       .most = 20},
      {.name = "min-count",
       .help = "words that occur less often are left out",
       .value = &o.min_count,
       .least = 1,
       .most = kMany},
      {.name = "loss",
       .help = "softmax, hs (hierarchical softmax), ns (negative sampling) or ova (one against all)",
       .value = &o.loss,
       .choices = {"softmax", "hs", "ns", "ova"}},
      {.name = "bucket",
       .help = "hash buckets of the n-grams",
       .value = &o.bucket,
       .least = 1,
       .most = kMany},
      {.name = "pretrained-vectors", .help = "file of word vectors (.vec)", .value = &o.pretrained_vectors},
      {.name = "search-minutes",
       .help = "minutes a fold spends on searching better options; 0: none",
       .value = &o.search_minutes,
       .least = 0,
       .most = kMany},
      {.name = "fasttext-threads",
       .help = "threads of a training; only 1 gives the same result twice; 0: all",
       .value = &o.threads,
       .least = 0,
       .most = 4096},
  };
  table.insert(table.end(), own.begin(), own.end());
}

}  // namespace quire
