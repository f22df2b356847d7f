// What a run is about, whatever learns it: tables, columns, folds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "quire/base/option.h"
#include "quire/table/columns.h"
#include "quire/table/reader.h"

namespace quire {

// Names, help and ranges stand in src/pipeline/task_options.cpp.
struct TaskOptions {
  // [data]
  std::string train;    // labelled table
  std::string valid;    // table of validation rows, used as given
  std::string test;     // table to predict with every fold
  std::string holdout;  // labelled table that is scored, never chosen on
  std::string id, label, group;
  std::vector<std::string> text;
  std::string quoting = "automatic";
  std::int64_t limit = 0;             // use only so many rows, drawn evenly from all classes; 0: all
  std::int64_t limit_head = 0;        // use only the first N rows; 0: all
  std::string rare_classes = "keep";  // classes with fewer rows than folds: keep, error, drop, merge:NAME

  // [folds]
  std::int64_t folds = 5;
  double valid_fraction = 0.1;  // held out when folds is 1
  std::int64_t seed = 42;
};

// The tables of options, bound to `options`.
[[nodiscard]] std::vector<Option> data_options(TaskOptions& options);
[[nodiscard]] std::vector<Option> fold_options(TaskOptions& options);

// Throws InputError for a value out of range; sets those that others decide.
void check_task(TaskOptions& options);

// The columns that the options name.
[[nodiscard]] ColumnFlags column_flags(const TaskOptions& options);
[[nodiscard]] TableFormat table_format(const TaskOptions& options);

}  // namespace quire
