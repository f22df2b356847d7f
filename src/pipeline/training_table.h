// The training table in memory: ids, labels, groups and the member's corpus, but no text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "quire/base/context.h"
#include "quire/members/member.h"
#include "quire/pipeline/options.h"
#include "quire/table/folds.h"
#include "quire/table/labels.h"

namespace quire {

struct TrainingTable {
  std::vector<std::string> ids;     // of the training rows
  std::vector<int> labels;          // of all rows of the corpus: training, then --valid; -1 in --test
  std::vector<std::string> groups;  // of the training rows; empty without --group
  LabelSet classes;
  std::int64_t rows = 0;        // training rows
  std::int64_t valid_rows = 0;  // rows of --valid, after them
  std::int64_t test_rows = 0;   // rows of --test, after those
  std::unique_ptr<Corpus> corpus;
  bool has_ids = false;  // of a column, not row numbers
  std::string label_name, id_name, group_name;
  std::vector<std::string> text_names;
};

[[nodiscard]] TrainingTable read_training_table(const TrainOptions& options, const Member& member,
                                                const Context& context);

// Documents that occur more than once, and how many of those copies lie in another fold than
// the first: they make out-of-fold scores look better than they are.
struct Duplicates {
  std::int64_t copies = 0;
  std::int64_t across_folds = 0;
};
[[nodiscard]] Duplicates count_duplicates(const Corpus& corpus, std::span<const int> fold_of_row);

}  // namespace quire
