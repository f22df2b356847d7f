#include "pipeline/option_tables.h"
#include "pipeline/shared_options.h"

namespace quire {

void add_lightgbm_options(TrainOptions& options, std::vector<Option>& table) {
  LightgbmOptions& o = options.lightgbm;
  const std::vector<Option> terms = tfidf_options(o);
  table.insert(table.end(), terms.begin(), terms.end());
  const std::vector<Option> own = {
      {.name = "rounds",
       .help = "most boosting rounds; a round is one tree for each class",
       .value = &o.rounds,
       .least = 1,
       .most = kMany},
      {.name = "early-stopping-rounds",
       .help = "stop after N rounds without a lower validation loss; 0: never",
       .value = &o.early_stopping_rounds,
       .least = 0,
       .most = kMany},
      {.name = "num-leaves", .help = "leaves of a tree", .value = &o.num_leaves, .least = 2, .most = 131072},
      {.name = "learning-rate",
       .help = "shrinkage of each tree",
       .value = &o.learning_rate,
       .least = 1e-9,
       .most = 10},
      {.name = "min-data-in-leaf",
       .help = "rows a leaf holds at least",
       .value = &o.min_data_in_leaf,
       .least = 0,
       .most = kMany},
      {.name = "feature-fraction",
       .help = "share of the features a tree may use",
       .value = &o.feature_fraction,
       .least = 1e-9,
       .most = 1},
      {.name = "bagging-fraction",
       .help = "share of the rows trees see",
       .value = &o.bagging_fraction,
       .least = 1e-9,
       .most = 1},
      {.name = "bagging-freq",
       .help = "draw these rows anew every N rounds; 0: all rows",
       .value = &o.bagging_freq,
       .least = 0,
       .most = kMany},
      {.name = "max-bin",
       .help = "bins of the values of a feature",
       .value = &o.max_bin,
       .least = 2,
       .most = 65535},
      class_weights_option(o),
      {.name = "parameters",
       .help = "NAME=VALUE of any other parameter of LightGBM, comma-separated",
       .value = &o.parameters},
  };
  table.insert(table.end(), own.begin(), own.end());
}

}  // namespace quire
