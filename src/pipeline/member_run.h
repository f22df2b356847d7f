// One member through all folds: fits what is missing, keeps its matrices, scores.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/run_directory.h"
#include "pipeline/stage.h"
#include "pipeline/task.h"
#include "quire/base/matrix.h"
#include "quire/members/kind.h"
#include "quire/pipeline/run.h"

namespace quire {

// A fold is one transaction: learner, matrices, metrics, and only then does the checkpoint go. What is
// finished is never made again, and never used for another task or other options: its key must agree.
// What a member has made of all folds, as its files hold it.
struct MemberMatrices {
  Matrix oof;                     // [training rows, classes]; NaN where a row was never held out
  Matrix valid;                   // [rows of the validation table, classes]
  std::vector<Matrix> predicted;  // of each table to predict: the mean over the folds
};

class MemberRun {
 public:
  MemberRun(const Task& task, const MemberOptions& options, const RunDirectory& run, const Context& context);

  [[nodiscard]] const MemberOptions& options() const { return options_; }
  // Nothing is left to do.
  [[nodiscard]] bool finished() const;
  // The untrained learner; made when it is first asked for. Throws InputError for options and files that do
  // not suit each other.
  [[nodiscard]] const Member& member();
  // Shows that one batch can be learned; writes nothing.
  void overfit(const Corpus& corpus);
  // Makes what is missing. `corpus` may be null when all folds are finished.
  MemberScore run(const Corpus* corpus);
  // After `run`.
  [[nodiscard]] const MemberMatrices& matrices() const { return matrices_; }

 private:
  struct Outcome {
    Matrix held_out;                // [rows that the fold is scored on, classes]
    std::vector<Matrix> predicted;  // of each table to predict: [its rows, classes]
  };

  [[nodiscard]] std::string key_of(int k) const;
  [[nodiscard]] std::optional<Outcome> finished_fold(int k) const;
  Outcome run_fold(int k, const Corpus& corpus);
  [[nodiscard]] std::unique_ptr<FittedMember> fit(int k, const Corpus& corpus);
  [[nodiscard]] Fold rows_to_fit(int k) const;
  [[nodiscard]] FitInput fit_input(int k, const Corpus& corpus, const Fold& rows) const;
  void check_classes(const FittedMember& fitted, const std::filesystem::path& directory) const;
  [[nodiscard]] Metrics score(int k, const Matrix& held_out) const;
  [[nodiscard]] std::vector<int> truth_of(std::span<const std::int64_t> rows) const;
  [[nodiscard]] bool chooses_on_scored_rows() const;

  const Task& task_;
  MemberOptions options_;
  RunDirectory run_;
  Context context_;
  std::unique_ptr<Member> member_;
  MemberMatrices matrices_;
  mutable std::string key_;  // of all folds; empty: not asked for yet
};

}  // namespace quire
