#include "quire/pipeline/task_options.h"

#include "pipeline/rare_classes.h"

namespace quire {

std::vector<Option> data_options(TaskOptions& o) {
  return {
      {.name = "train", .help = "labelled TSV or CSV, may be .gz or .xz", .value = &o.train, .is_path = true},
      {.name = "valid",
       .help = "table of validation rows, used as given (implies one fold)",
       .value = &o.valid,
       .is_path = true},
      {.name = "test",
       .help = "table to predict with every fold: members/NAME/test.npy",
       .value = &o.test,
       .is_path = true},
      {.name = "holdout",
       .help = "labelled table that is scored with every fold and never chosen on: members/NAME/holdout.npy",
       .value = &o.holdout,
       .is_path = true},
      {.name = "id", .help = "id column (default: id or *id, else row numbers)", .value = &o.id},
      {.name = "text",
       .help = "text columns, comma-separated (default: the rest); two are a pair",
       .value = &o.text},
      {.name = "label",
       .help = "label column (default: label, category, class, target, y or the last)",
       .value = &o.label},
      {.name = "group", .help = "column of groups: rows of a group share a fold", .value = &o.group},
      {.name = "quoting",
       .help = "quotes in the tables",
       .value = &o.quoting,
       .choices = {"automatic", "none"}},
      {.name = "limit",
       .help = "use only N rows, drawn by the seed with every class in its share; 0: all",
       .value = &o.limit,
       .least = 0,
       .most = 1e12},
      {.name = "limit-head",
       .help = "use only the first N rows; 0: all",
       .value = &o.limit_head,
       .least = 0,
       .most = 1e12},
      {.name = "rare-classes",
       .help = "classes with fewer rows than folds: keep (rows that cannot be held out stay in every "
               "training part), error, drop, or merge:NAME",
       .value = &o.rare_classes},
  };
}

std::vector<Option> fold_options(TaskOptions& o) {
  return {
      {.name = "count",
       .help = "stratified folds; 1 holds out --valid-fraction",
       .value = &o.folds,
       .least = 1,
       .most = 1000,
       .flag = "folds"},
      {.name = "valid-fraction",
       .help = "share of the rows held out when there is one fold; 0: none",
       .value = &o.valid_fraction,
       .least = 0,
       .most = 0.9},
      {.name = "seed", .help = "of everything random", .value = &o.seed, .least = 0, .most = 9e15},
  };
}

void check_task(TaskOptions& options) {
  for (const auto& table : {data_options(options), fold_options(options)})
    for (const Option& option : table) check_option(option);
  (void)parse_rare_policy(options.rare_classes);
  if (!options.valid.empty()) options.folds = 1;
}

ColumnFlags column_flags(const TaskOptions& options) {
  const auto given = [](const std::string& name) {
    return name.empty() ? std::nullopt : std::optional(name);
  };
  return {.id = given(options.id),
          .label = given(options.label),
          .group = given(options.group),
          .text = options.text};
}

TableFormat table_format(const TaskOptions& options) {
  TableFormat format;
  if (options.quoting == "none") format.quoting = TableFormat::Quoting::none;
  return format;
}

}  // namespace quire
