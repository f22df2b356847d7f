// A run: training over folds, and its directory.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "quire/base/context.h"
#include "quire/ensemble/leaderboard.h"
#include "quire/ensemble/metrics.h"
#include "quire/pipeline/recipe.h"

namespace quire {

struct RunOptions {
  Recipe recipe;
  std::string output;          // run directory
  bool resume = false;         // go on with an interrupted run; a finished one stays as it is
  bool force = false;          // replace an existing run
  bool overfit_batch = false;  // show that one batch can be learned, and write nothing
  // `quire run`: members are combined, and on resume a recipe with other members is welcome: what changed is
  // made anew, nothing else.
  bool combine = false;
};

// Throws InputError for contradictions, and what check_recipe throws; settles defaults.
void check_options(RunOptions& options);

struct FoldScore {
  int fold = 0;
  Metrics metrics;
};

struct MemberScore {
  std::string name;
  std::vector<FoldScore> folds;        // those with validation rows
  std::optional<Metrics> validation;   // out-of-fold, of the held-out rows or of the validation table
  bool out_of_fold = false;            // each row by a fold that never saw it
  double seconds = 0;                  // of its fits
  bool chosen_on_scored_rows = false;  // an epoch or a round was chosen by the rows of the score
};

struct RunSummary {
  std::int64_t documents = 0;
  std::vector<std::string> classes;
  std::vector<MemberScore> members;
  std::vector<LeaderboardRow> leaderboard;  // of `combine`, best first
  std::string chosen;                       // of `combine`: the method that predicts
  bool unchanged = false;                   // a finished run was resumed
  double seconds = 0;
};

// `quire train`: reads the tables, trains a fresh learner of each member in each fold and writes the run
// directory (recipe.toml, inputs.json, labels.txt, folds.tsv, members/NAME/...). Interrupted, it keeps
// finished folds and, of members that have one, a checkpoint of the fold under way. Everything random is a
// function of the recipe's seed.
RunSummary train_run(RunOptions options, const Context& context);

// Copies what fold `fold` of a run needs to predict into a new directory, in the layout other programs
// read (an encoder's is Hugging Face's). Returns the names of the files. InputError when the fold is not
// finished or the directory is taken; written beside its place and renamed.
std::vector<std::string> export_fold(const std::filesystem::path& run, int fold,
                                     const std::filesystem::path& output);

}  // namespace quire
