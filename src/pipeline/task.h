// What a run is about, read from its tables: ids, labels, classes, the split. No text: members read it into
// corpora of their own (readings.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "quire/base/context.h"
#include "quire/pipeline/task_options.h"
#include "quire/table/duplicates.h"
#include "quire/table/folds.h"
#include "quire/table/labels.h"

namespace quire {

// Which rows train and validate in each fold, and the fold each training row is held out in (-1: none).
struct Split {
  std::vector<Fold> folds;
  std::vector<int> fold_of_row;
};

// A table that every fold predicts.
struct PredictedTable {
  std::string name;  // "test", "holdout": of its matrices
  std::string file;
  std::int64_t first = 0;  // its first row in the task
  std::int64_t rows = 0;
  std::vector<std::string> ids;
  std::vector<int> truth;  // -1 where the row has no label, or one that no training row has
  std::string fingerprint;
  [[nodiscard]] bool has_truth() const;
};

// Rows are numbered through all tables: those of the training table that are used, then the validation
// table's, then those of the tables to predict.
struct Task {
  TaskOptions options;              // with the columns that were found
  std::vector<std::string> ids;     // of the training rows
  std::vector<int> labels;          // of all rows; -1 in tables to predict: nothing learns from those
  std::vector<std::string> groups;  // of the training rows; empty without a group column
  LabelSet classes;
  std::int64_t rows = 0;        // training rows
  std::int64_t valid_rows = 0;  // of the validation table
  std::vector<PredictedTable> predicted;
  bool has_ids = false;  // of a column, not row numbers
  std::string id_name;

  std::vector<bool> used;  // of the training table's rows; those beyond its end are not
  Split split;

  // What a result depends on: of ids, labels, groups and texts of the rows that are used, in their order.
  std::string train_fingerprint, valid_fingerprint;
  std::vector<TextFingerprint> texts;  // of all rows

  // Of the tables to predict.
  [[nodiscard]] std::string predicted_fingerprint() const;
  [[nodiscard]] int fold_count() const { return static_cast<int>(split.folds.size()); }
};

// Reads the tables once, tells what was guessed and found, and draws the split. Throws InputError for tables
// and labels that no classifier can be trained on.
[[nodiscard]] Task read_task(const TaskOptions& options, const Context& context);

// Tells the user about documents, classes and copies.
void describe_task(const Task& task, const Context& context);

}  // namespace quire
