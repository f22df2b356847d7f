// The tables that a run writes for people and for other programs.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "pipeline/task.h"
#include "quire/base/matrix.h"
#include "quire/ensemble/leaderboard.h"

namespace quire {

// leaderboard.tsv: the columns of docs/recipe.md, best first.
void write_leaderboard(const std::filesystem::path& path, std::span<const LeaderboardRow> rows);
// oof.tsv: id, fold, label, predicted, probability of each training row; the last two empty where it has no
// out-of-fold row.
void write_out_of_fold(const std::filesystem::path& path, const Task& task, const Matrix& oof);
// suspects.tsv: training rows that are probably mislabelled, the surest first.
void write_suspects(const std::filesystem::path& path, const Task& task, const Matrix& oof);
// coverage.tsv: accuracy over the rows of at least some confidence.
void write_coverage(const std::filesystem::path& path, const Matrix& probabilities,
                    std::span<const int> truth);
// id, label and, where wished, probability of each row, in the table's order.
void write_predictions(const std::filesystem::path& path, const Task& task, const PredictedTable& table,
                       const Matrix& probabilities, bool with_probability);

}  // namespace quire
