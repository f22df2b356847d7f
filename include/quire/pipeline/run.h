// A run: training over folds, its directory, and predicting from it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quire/base/context.h"
#include "quire/base/matrix.h"
#include "quire/ensemble/metrics.h"
#include "quire/members/backend.h"
#include "quire/members/member.h"
#include "quire/pipeline/options.h"

namespace quire {

struct FoldScore {
  int fold = 0;
  Metrics metrics;
};

struct TrainSummary {
  std::int64_t documents = 0;
  std::vector<std::string> classes;
  std::vector<FoldScore> folds;               // those with validation rows
  std::optional<Metrics> validation;          // out-of-fold, of the held-out rows or of --valid
  bool out_of_fold = false;                   // validation covers every row, each by a fold that never saw it
  bool epoch_selected_on_validation = false;  // the score is of the epoch it chose
  bool unchanged = false;                     // --resume of a finished run
  double seconds = 0;
};

// `quire train`: reads the table, trains a fresh learner in each fold and writes the run directory
// (recipe.toml, labels.txt, folds.tsv, members/NAME/...). Interrupted, it keeps finished folds and
// a checkpoint of the one under way.
TrainSummary train_run(TrainOptions options, const Context& context);

// What predicts: the folds of a run, or a single fine-tuned directory of Hugging Face's layout.
class Predictor {
 public:
  struct Options {
    OpenOptions model;
    ColumnFlags columns;  // default: the run's
    TableFormat format;
  };
  Predictor(const std::filesystem::path& run_or_directory, Options options, const Context& context);

  [[nodiscard]] const std::vector<std::string>& class_names() const {
    return members_.front()->class_names();
  }
  [[nodiscard]] std::string label_name() const { return label_name_; }
  [[nodiscard]] const ColumnFlags& columns() const { return options_.columns; }
  [[nodiscard]] const TableFormat& format() const { return options_.format; }
  [[nodiscard]] std::size_t size() const { return members_.size(); }

  // Mean over the folds' probabilities of a chunk of documents: [documents, classes].
  [[nodiscard]] Matrix predict(std::span<const Document> documents, const Context& context) const;

 private:
  Options options_;
  std::string label_name_ = "label";
  std::vector<std::unique_ptr<FittedMember>> members_;
};

struct PredictOptions {
  std::string output;         // table
  std::string probabilities;  // .npy; empty: none
  std::int64_t top = 1;       // classes a row
  bool submission = false;    // only id and label
};

// Streams the table through the predictor, rows in its order. Returns the number of rows.
std::int64_t predict_table(const Predictor& predictor, const std::filesystem::path& file,
                           const PredictOptions& options, const Context& context);

// Predicts a labelled table and measures. InputError for a label the predictor does not know.
[[nodiscard]] Metrics evaluate_table(const Predictor& predictor, const std::filesystem::path& file,
                                     const Context& context);

// Copies what fold `fold` of a run needs to predict into a new directory, in the layout other programs
// read (an encoder's is Hugging Face's). Returns the names of the files. InputError when the fold is not
// finished or the directory is taken; written beside its place and renamed.
std::vector<std::string> export_fold(const std::filesystem::path& run, int fold,
                                     const std::filesystem::path& output);

}  // namespace quire
