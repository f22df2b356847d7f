#include "pipeline/task.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>

#include "pipeline/rare_classes.h"
#include "quire/base/error.h"
#include "quire/base/fingerprint.h"
#include "quire/base/naming.h"
#include "quire/base/profile.h"
#include "quire/table/documents.h"
#include "quire/table/duplicates.h"

namespace quire {
namespace {

constexpr std::int64_t kReportEvery = 1024;  // rows

std::string content_of(const Document& document) {
  return Fingerprint()
      .add(document.id)
      .add(document.label)
      .add(document.group)
      .add(document.text)
      .add(document.pair ? "pair" : "single")
      .add(document.pair.value_or(""))
      .hex();
}

// Calls use(document) for each row.
template <typename Use>
void for_rows(DocumentReader& reader, std::int64_t limit, const Context& context, Use use) {
  const Span span("reading");
  Document document;
  std::int64_t count = 0;
  while ((limit == 0 || count < limit) && reader.next(document)) {
    use(document);
    if (++count % kReportEvery != 0) continue;
    context.progress({.stage = "reading",
                      .done = reader.table().bytes_read(),
                      .total = reader.table().total_bytes(),
                      .detail = {},
                      .seconds_left = -1});
    context.check_stop();
  }
  reader.finish();
}

int class_of(const LabelSet& classes, const Document& document, const std::string& file) {
  if (const auto index = classes.find(document.label)) return *index;
  throw InputError(fmt::format("{}:{}: label {} does not occur in the training table", file, document.line,
                               quoted_name(document.label)),
                   "check the label column, or add rows of that class");
}

// A column of texts that was guessed to be the label.
void refuse_texts_as_labels(const std::vector<std::string>& labels, const std::string& file,
                            const std::string& column) {
  std::map<std::string_view, std::int64_t> counts;
  for (const std::string& label : labels) ++counts[label];
  std::vector<std::string> single;
  for (const auto& [label, count] : counts)
    if (count == 1) single.emplace_back(label);
  constexpr std::size_t kMany = 10;
  if (single.size() <= kMany || 2 * single.size() <= labels.size()) return;
  throw InputError(fmt::format("{}: {} of {} rows have a label of their own (column '{}'): {}", file,
                               single.size(), labels.size(), column, quoted_list(single)),
                   "it was taken for the label by its place or name; --label names another column");
}

// Of the rows in their order, under the names of their columns.
std::string fingerprint_of(const std::vector<std::string>& contents,
                           const std::vector<std::string>& columns) {
  Fingerprint all;
  for (const std::string& column : columns) all.add(column);
  for (const std::string& content : contents) all.add(content);
  return all.hex();
}

class TaskReader {
 public:
  TaskReader(const TaskOptions& options, const Context& context) : context_(context) {
    task_.options = options;
  }
  Task read();

 private:
  void read_train();
  void read_valid();
  void read_predicted(const std::string& name, const std::string& file, LabelColumn label);
  void note(const Document& document);
  void sample(std::vector<std::string>& labels);
  void keep(const std::vector<bool>& kept, std::vector<std::string>& labels);
  [[nodiscard]] ColumnFlags columns_of_training() const;
  void draw_split();
  void draw_folds(std::span<const int> labels);

  const Context& context_;
  Task task_;
  std::vector<std::string> contents_;
};

void TaskReader::note(const Document& document) {
  contents_.push_back(content_of(document));
  task_.texts.push_back(text_fingerprint(document));
}

void TaskReader::read_train() {
  TaskOptions& options = task_.options;
  DocumentReader reader(options.train, column_flags(options), LabelColumn::required, table_format(options),
                        DuplicateIds::warn, context_);
  const Columns columns = reader.columns();
  std::vector<std::string> labels;
  for_rows(reader, options.limit_head, context_, [&](const Document& document) {
    task_.ids.push_back(document.id);
    labels.push_back(document.label);
    if (columns.group) task_.groups.push_back(document.group);
    note(document);
  });
  if (options.label.empty()) refuse_texts_as_labels(labels, options.train, columns.label_name);
  task_.used.assign(labels.size(), true);
  sample(labels);
  if (options.folds > 1) {
    std::vector<bool> kept = treat_rare_classes(labels, static_cast<int>(options.folds),
                                                parse_rare_policy(options.rare_classes), context_);
    kept.flip();
    keep(kept, labels);
  }
  task_.rows = static_cast<std::int64_t>(labels.size());
  task_.classes = LabelSet::from(labels);
  if (task_.classes.size() < 2) {
    throw InputError(labels.empty() ? fmt::format("{}: no row is left", options.train)
                                    : fmt::format("{}: all {} rows have the label {}", options.train,
                                                  task_.rows, quoted_name(labels.front())),
                     "a classifier needs at least two classes; check the label column");
  }
  for (const std::string& label : labels) task_.labels.push_back(*task_.classes.find(label));

  // The recipe names the columns that were used, guessed or not: the same ones predict.
  task_.has_ids = columns.id.has_value();
  task_.id_name = columns.id_name;
  if (task_.has_ids) options.id = columns.id_name;
  options.label = columns.label_name;
  options.group = columns.group_name;
  options.text = columns.text_names;
  task_.train_fingerprint = fingerprint_of(contents_, columns.text_names);
}

// --limit: as many of each class as its share, at least one.
void TaskReader::sample(std::vector<std::string>& labels) {
  const std::int64_t limit = task_.options.limit;
  const auto rows = static_cast<std::int64_t>(labels.size());
  if (limit == 0 || limit >= rows) return;
  const LabelSet classes = LabelSet::from(labels);
  std::vector<int> indices;
  indices.reserve(labels.size());
  for (const std::string& label : labels) indices.push_back(*classes.find(label));
  std::vector<bool> kept = hold_out(indices, {}, 1 - static_cast<double>(limit) / static_cast<double>(rows),
                                    static_cast<std::uint64_t>(task_.options.seed));
  kept.flip();
  keep(kept, labels);
}

// Leaves out rows that are not `kept`. `labels` and what is kept of the table have an entry for each row that
// is still used.
void TaskReader::keep(const std::vector<bool>& kept, std::vector<std::string>& labels) {
  std::size_t row = 0;
  for (std::size_t i = 0; i < task_.used.size(); ++i)
    if (task_.used[i]) task_.used[i] = kept[row++];
  const auto shrink = [&](auto& values) {
    std::size_t to = 0;
    for (std::size_t from = 0; from < values.size(); ++from) {
      if (!kept[from]) continue;
      if (to != from) values[to] = std::move(values[from]);
      ++to;
    }
    values.resize(to);
  };
  shrink(labels);
  shrink(task_.ids);
  shrink(task_.texts);
  shrink(contents_);
  if (!task_.groups.empty()) shrink(task_.groups);
}

// The other tables have the columns of the training table.
ColumnFlags TaskReader::columns_of_training() const {
  ColumnFlags flags = column_flags(task_.options);
  flags.group.reset();
  flags.id_may_be_missing = true;
  return flags;
}

void TaskReader::read_valid() {
  if (task_.options.valid.empty()) return;
  contents_.clear();
  DocumentReader reader(task_.options.valid, columns_of_training(), LabelColumn::required,
                        table_format(task_.options), DuplicateIds::warn, context_);
  for_rows(reader, 0, context_, [&](const Document& document) {
    task_.labels.push_back(class_of(task_.classes, document, task_.options.valid));
    note(document);
  });
  task_.valid_rows = static_cast<std::int64_t>(contents_.size());
  task_.valid_fingerprint = fingerprint_of(contents_, task_.options.text);
}

void TaskReader::read_predicted(const std::string& name, const std::string& file, LabelColumn label) {
  if (file.empty()) return;
  contents_.clear();
  PredictedTable table;
  table.name = name;
  table.file = file;
  table.first = static_cast<std::int64_t>(task_.labels.size());
  DocumentReader reader(file, columns_of_training(), label, table_format(task_.options), DuplicateIds::error,
                        context_);
  std::int64_t unknown = 0;
  for_rows(reader, 0, context_, [&](const Document& document) {
    const auto truth = document.label.empty() ? std::nullopt : task_.classes.find(document.label);
    if (!document.label.empty() && !truth) ++unknown;
    table.truth.push_back(truth.value_or(-1));
    table.ids.push_back(document.id);
    task_.labels.push_back(-1);
    note(document);
  });
  table.rows = static_cast<std::int64_t>(contents_.size());
  table.fingerprint = fingerprint_of(contents_, task_.options.text);
  if (unknown > 0) {
    context_.warn(
        fmt::format("{}: {} rows have a label that no training row has; they are predicted, and not "
                    "scored",
                    file, unknown));
  }
  task_.predicted.push_back(std::move(table));
}

void TaskReader::draw_split() {
  const TaskOptions& options = task_.options;
  const auto seed = static_cast<std::uint64_t>(options.seed);
  const std::span<const int> labels(task_.labels.data(), static_cast<std::size_t>(task_.rows));
  Split& split = task_.split;
  if (!options.valid.empty()) {
    Fold fold;
    fold.train.resize(labels.size());
    std::iota(fold.train.begin(), fold.train.end(), std::int64_t{0});
    fold.valid.resize(static_cast<std::size_t>(task_.valid_rows));
    std::iota(fold.valid.begin(), fold.valid.end(), task_.rows);
    split.folds.push_back(std::move(fold));
    split.fold_of_row.assign(labels.size(), -1);
    return;
  }
  if (options.folds > 1) {
    draw_folds(labels);
  } else {
    const std::vector<bool> held_out = hold_out(labels, task_.groups, options.valid_fraction, seed);
    split.folds.push_back(split_by_hold_out(held_out));
    for (const bool held : held_out) split.fold_of_row.push_back(held ? 0 : -1);
  }
}

// Rows that cannot be held out belong to no fold: they train in all of them.
void TaskReader::draw_folds(std::span<const int> labels) {
  const TaskOptions& options = task_.options;
  const std::vector<bool> never = never_held_out(labels, task_.groups, task_.classes.size());
  std::vector<int> free_labels;
  std::vector<std::string> free_groups;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (never[row]) continue;
    free_labels.push_back(labels[row]);
    if (!task_.groups.empty()) free_groups.push_back(task_.groups[row]);
  }
  const std::vector<int> assigned = assign_folds(free_labels, free_groups, static_cast<int>(options.folds),
                                                 static_cast<std::uint64_t>(options.seed));
  Split& split = task_.split;
  std::size_t next = 0;
  for (std::size_t row = 0; row < labels.size(); ++row)
    split.fold_of_row.push_back(never[row] ? -1 : assigned[next++]);
  for (int k = 0; k < options.folds; ++k) split.folds.push_back(split_by_fold(split.fold_of_row, k));
}

Task TaskReader::read() {
  read_train();
  read_valid();
  read_predicted("test", task_.options.test, LabelColumn::optional);
  read_predicted("holdout", task_.options.holdout, LabelColumn::required);
  draw_split();
  return std::move(task_);
}

// Copies make scores look better than they are.
void describe_copies(const Task& task, const Context& context) {
  const std::span<const TextFingerprint> texts(task.texts);
  const auto rows = static_cast<std::size_t>(task.rows);
  const auto valid = static_cast<std::size_t>(task.valid_rows);
  const TextDuplicates found =
      count_text_duplicates(texts.first(rows), task.split.fold_of_row, texts.subspan(rows, valid), {});
  if (found.copies > 0) {
    context.info(fmt::format(
        "{} documents are exact copies of another; {} of them lie in another fold than their twin{}",
        found.copies, found.across_folds, found.across_folds > 0 ? " (--group keeps twins together)" : ""));
  }
  const auto say = [&](std::int64_t count, std::string_view table) {
    if (count > 0)
      context.info(
          fmt::format("{} documents of the {} table are exact copies of training rows", count, table));
  };
  say(found.valid, "validation");
  for (const PredictedTable& table : task.predicted) {
    const auto own =
        texts.subspan(static_cast<std::size_t>(table.first), static_cast<std::size_t>(table.rows));
    say(count_text_duplicates(texts.first(rows), task.split.fold_of_row, {}, own).test, table.name);
  }
}

}  // namespace

bool PredictedTable::has_truth() const {
  return std::ranges::any_of(truth, [](int label) { return label >= 0; });
}

std::string Task::predicted_fingerprint() const {
  Fingerprint all;
  for (const PredictedTable& table : predicted) all.add(table.name).add(table.fingerprint);
  return all.hex();
}

Task read_task(const TaskOptions& options, const Context& context) {
  return TaskReader(options, context).read();
}

void describe_task(const Task& task, const Context& context) {
  std::vector<std::int64_t> counts(task.classes.size());
  for (std::int64_t row = 0; row < task.rows; ++row)
    ++counts[static_cast<std::size_t>(task.labels[static_cast<std::size_t>(row)])];
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  const auto name = [&](auto position) {
    return quoted_name(task.classes.name(static_cast<int>(position - counts.begin())));
  };
  context.info(fmt::format("{} documents, {} classes (largest {} with {}, smallest {} with {})", task.rows,
                           task.classes.size(), name(most), *most, name(least), *least));
  describe_copies(task, context);
}

}  // namespace quire
