// The members of a run combined: every method cross-fitted, one chosen, the files that people look at.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/member_run.h"
#include "pipeline/run_directory.h"
#include "pipeline/task.h"
#include "quire/ensemble/combination.h"
#include "quire/ensemble/leaderboard.h"
#include "quire/pipeline/recipe.h"

namespace quire {

// Throws InputError for a method or a choice that does not exist.
void check_ensemble(const EnsembleOptions& options);

struct Combined {
  std::vector<LeaderboardRow> leaderboard;  // best first
  std::string chosen;                       // a method
};

// Fits all methods to the members' out-of-fold probabilities (or those of the validation table), each row
// answered for by weights that have not seen its fold, and writes ensemble/, leaderboard.tsv, oof.tsv,
// suspects.tsv, coverage.tsv and, with a test table, predictions.tsv and the submission.
Combined combine_members(const Task& task, const Recipe& recipe, std::span<const MemberRun> members,
                         std::span<const MemberScore> scores, const RunDirectory& run,
                         const Context& context);

// What predicts in a finished run of several members; nothing where there is no ensemble.
[[nodiscard]] std::optional<Combination> chosen_combination(const RunDirectory& run,
                                                            const std::string& method = {});

}  // namespace quire
