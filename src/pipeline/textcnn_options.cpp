#include "pipeline/option_tables.h"
#include "pipeline/shared_options.h"

namespace quire {

void add_textcnn_options(TrainOptions& options, std::vector<Option>& table) {
  TextcnnOptions& o = options.textcnn;
  const std::vector<Option> own = {
      {.name = "model",
       .help = "directory of an encoder whose tokenizer cuts the texts (default: words)",
       .value = &o.model},
      {.name = "embeddings",
       .help = "random, model (the table of the encoder) or a file of word vectors (.vec)",
       .value = &o.embeddings},
      clean_option(o),
      punctuation_option(o),
      {.name = "min-count",
       .help = "words that occur less often in the training rows are unknown",
       .value = &o.min_count,
       .least = 1,
       .most = kMany},
      {.name = "max-length",
       .help = "words or tokens of a document",
       .value = &o.max_length,
       .least = 1,
       .most = 1e6},
      {.name = "dim", .help = "size of random embeddings", .value = &o.dim, .least = 1, .most = 100000},
      {.name = "filters", .help = "filters of each width", .value = &o.filters, .least = 1, .most = 100000},
      {.name = "min-width",
       .help = "words the narrowest filters span",
       .value = &o.min_width,
       .least = 1,
       .most = 100},
      {.name = "max-width",
       .help = "words the widest filters span",
       .value = &o.max_width,
       .least = 1,
       .most = 100},
      {.name = "dropout", .help = "before the last layer", .value = &o.dropout, .least = 0, .most = 0.95},
      {.name = "epochs",
       .help = "passes over the training rows",
       .value = &o.epochs,
       .least = 1,
       .most = 10000},
      {.name = "batch-size",
       .help = "documents in an optimiser step",
       .value = &o.batch_size,
       .least = 1,
       .most = 65536},
      {.name = "learning-rate", .help = "of AdamW", .value = &o.learning_rate, .least = 0, .most = 10},
  };
  table.insert(table.end(), own.begin(), own.end());
  for (const std::vector<Option>& part :
       {optimizer_options(o), loss_options(o), keeping_options(o, options), {device_option(o)}})
    table.insert(table.end(), part.begin(), part.end());
}

}  // namespace quire
