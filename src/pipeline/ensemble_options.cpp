#include "quire/pipeline/recipe.h"

namespace quire {

std::vector<Option> ensemble_options(EnsembleOptions& o) {
  return {
      {.name = "methods",
       .help =
           "ways to combine the members: vote, weighted-vote, mean, weighted-mean, log-mean, greedy, stack",
       .value = &o.methods},
      {.name = "metric",
       .help = "what is chosen by, and the leaderboard's order",
       .value = &o.metric,
       .choices = {"accuracy", "macro_f1", "log_loss"}},
      {.name = "choose",
       .help =
           "what predicts: auto (the best by the cross-fitted metric; of those that McNemar's test cannot "
           "tell from it, the one of the lowest log loss), a method, or best-member",
       .value = &o.choose},
      {.name = "calibrate", .help = "temperatures of members and results", .value = &o.calibrate},
  };
}

std::vector<Option> output_options(OutputOptions& o) {
  return {{.name = "submission",
           .help = "id and label of the test table's rows, in its order; starts at the run's folder",
           .value = &o.submission}};
}

}  // namespace quire
