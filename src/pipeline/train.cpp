// `quire train`: from a labelled table to a run directory.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "pipeline/member_factory.h"
#include "pipeline/run_directory.h"
#include "pipeline/training_table.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/pipeline/run.h"
#include "quire/table/writer.h"

namespace quire {
namespace {

// Which rows train and validate in each fold, and the fold each training row is held out in (-1: none).
struct Split {
  std::vector<Fold> folds;
  std::vector<int> fold_of_row;
};

Split split_rows(const TrainOptions& options, const TrainingTable& table, std::uint64_t seed) {
  const std::span<const int> labels(table.labels.data(), static_cast<std::size_t>(table.rows));
  Split split;
  if (!options.valid.empty()) {
    Fold fold;
    fold.train.resize(static_cast<std::size_t>(table.rows));
    std::iota(fold.train.begin(), fold.train.end(), std::int64_t{0});
    fold.valid.resize(static_cast<std::size_t>(table.valid_rows));
    std::iota(fold.valid.begin(), fold.valid.end(), table.rows);
    split.folds.push_back(std::move(fold));
    split.fold_of_row.assign(labels.size(), -1);
  } else if (options.folds > 1) {
    split.fold_of_row = assign_folds(labels, table.groups, static_cast<int>(options.folds), seed);
    for (int k = 0; k < options.folds; ++k) split.folds.push_back(split_by_fold(split.fold_of_row, k));
  } else {
    const std::vector<bool> held_out = hold_out(labels, table.groups, options.valid_fraction, seed);
    split.folds.push_back(split_by_hold_out(held_out));
    for (const bool held : held_out) split.fold_of_row.push_back(held ? 0 : -1);
  }
  return split;
}

// Does the member keep the epoch, or the round, that does best on the rows it is scored on?
bool selects_on_validation(const TrainOptions& options) {
  if (options.member == "encoder") return options.encoder.select == "best" && options.encoder.epochs > 1;
  if (options.member == "textcnn") return options.textcnn.select == "best" && options.textcnn.epochs > 1;
  return options.member == "lightgbm" && options.lightgbm.early_stopping_rounds > 0;
}

void write_folds(const RunDirectory& run, const TrainingTable& table, std::span<const int> fold_of_row) {
  const std::vector<std::string> header = {table.id_name, "fold"};
  TableWriter writer(run.folds(), header);
  for (std::size_t row = 0; row < fold_of_row.size(); ++row) {
    const std::vector<std::string> fields = {table.ids[row],
                                             fold_of_row[row] < 0 ? "" : std::to_string(fold_of_row[row])};
    writer.write(fields);
  }
  writer.commit();
}

void describe(const TrainingTable& table, const Split& split, const Context& context) {
  std::vector<std::int64_t> counts(table.classes.size());
  for (std::int64_t row = 0; row < table.rows; ++row)
    ++counts[static_cast<std::size_t>(table.labels[static_cast<std::size_t>(row)])];
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  const auto name = [&](auto position) {
    return table.classes.name(static_cast<int>(position - counts.begin()));
  };
  context.info(fmt::format("{} documents, {} classes (largest '{}' with {}, smallest '{}' with {})",
                           table.rows, table.classes.size(), name(most), *most, name(least), *least));
  context.info(table.corpus->summary());
  const Duplicates duplicates = count_duplicates(*table.corpus, split.fold_of_row);
  if (duplicates.copies > 0) {
    context.info(fmt::format(
        "{} documents are exact copies of another; {} of them lie in another fold than their twin{}",
        duplicates.copies, duplicates.across_folds,
        duplicates.across_folds > 0 ? " (--group keeps twins together)" : ""));
  }
}

class Training {
 public:
  Training(TrainOptions options, const Context& context)
      : options_(std::move(options)), context_(context), run_(options_.output) {}

  TrainSummary run();

 private:
  [[nodiscard]] bool finished() const { return std::filesystem::exists(run_.member_metrics(options_.name)); }
  void resolve_columns();
  void take_columns_of_run();
  void run_fold(int k);
  [[nodiscard]] std::unique_ptr<FittedMember> fit_or_load(int k);
  [[nodiscard]] FitInput fit_input(int k, const std::filesystem::path& directory) const;
  void keep_predictions(const FittedMember& fitted, int k);
  void score(int k);
  void write_matrices();
  void total(TrainSummary& summary);
  [[nodiscard]] std::vector<int> truth_of(std::span<const std::int64_t> rows) const;

  TrainOptions options_;
  const Context& context_;
  RunDirectory run_;
  std::unique_ptr<Member> member_;
  TrainingTable table_;
  Split split_;
  Matrix oof_, valid_, test_;
  std::vector<FoldScore> scores_;
};

std::vector<int> Training::truth_of(std::span<const std::int64_t> rows) const {
  std::vector<int> truth;
  truth.reserve(rows.size());
  for (const std::int64_t row : rows) truth.push_back(table_.labels[static_cast<std::size_t>(row)]);
  return truth;
}

// A finished fold of an interrupted run is loaded, not trained again. It predicts as it would have.
std::unique_ptr<FittedMember> Training::fit_or_load(int k) {
  const std::filesystem::path directory = run_.fold(options_.name, k);
  if (options_.resume && std::filesystem::exists(run_.fold_metrics(options_.name, k))) {
    OpenOptions open;
    if (options_.member == "encoder") {
      open.precision = options_.encoder.precision;
      open.device = options_.encoder.device;
    } else if (options_.member == "textcnn") {
      open.device = options_.textcnn.device;
    }
    return open_member(options_.member, directory, open, context_);
  }
  make_directories(directory);
  return member_->fit(fit_input(k, directory), context_);
}

FitInput Training::fit_input(int k, const std::filesystem::path& directory) const {
  const Fold& fold = split_.folds[static_cast<std::size_t>(k)];
  return {.corpus = table_.corpus.get(),
          .labels = table_.labels,
          .classes = &table_.classes,
          .train = fold.train,
          .valid = fold.valid,
          .fold = k,
          .folds = static_cast<int>(split_.folds.size()),
          .directory = directory,
          .shared = directory.parent_path(),
          .resume = options_.resume};
}

void Training::keep_predictions(const FittedMember& fitted, int k) {
  const Fold& fold = split_.folds[static_cast<std::size_t>(k)];
  const std::string stage = fmt::format("fold {}/{} predicting", k + 1, split_.folds.size());
  const Matrix held_out = fitted.predict(*table_.corpus, fold.valid, context_, stage);
  for (std::size_t i = 0; i < fold.valid.size(); ++i) {
    const bool given = fold.valid[i] >= table_.rows;
    const auto target = given ? valid_.row(fold.valid[i] - table_.rows) : oof_.row(fold.valid[i]);
    std::ranges::copy(held_out.row(static_cast<std::int64_t>(i)), target.begin());
  }
  if (table_.test_rows == 0) return;
  std::vector<std::int64_t> rows(static_cast<std::size_t>(table_.test_rows));
  std::iota(rows.begin(), rows.end(), table_.rows + table_.valid_rows);
  const Matrix predicted = fitted.predict(*table_.corpus, rows, context_, stage);
  const auto share = 1.0F / static_cast<float>(split_.folds.size());
  for (std::size_t i = 0; i < predicted.values.size(); ++i) test_.values[i] += share * predicted.values[i];
}

void Training::score(int k) {
  const Fold& fold = split_.folds[static_cast<std::size_t>(k)];
  Matrix held_out(static_cast<std::int64_t>(fold.valid.size()),
                  static_cast<std::int64_t>(table_.classes.size()));
  for (std::size_t i = 0; i < fold.valid.size(); ++i) {
    const bool given = fold.valid[i] >= table_.rows;
    std::ranges::copy(given ? valid_.row(fold.valid[i] - table_.rows) : oof_.row(fold.valid[i]),
                      held_out.row(static_cast<std::int64_t>(i)).begin());
  }
  const Metrics metrics =
      measure(truth_of(fold.valid), most_probable(held_out), static_cast<int>(table_.classes.size()));
  write_file_atomically(run_.fold_metrics(options_.name, k), metrics.json(table_.classes.names()) + "\n");
  if (!fold.valid.empty()) scores_.push_back({k, metrics});
}

void Training::run_fold(int k) {
  const std::unique_ptr<FittedMember> fitted = fit_or_load(k);
  keep_predictions(*fitted, k);
  score(k);
}

void Training::write_matrices() {
  const std::filesystem::path member = run_.member(options_.name);
  write_npy(member / "oof.npy", oof_);
  if (table_.valid_rows > 0) write_npy(member / "valid.npy", valid_);
  if (table_.test_rows > 0) write_npy(member / "test.npy", test_);
}

void Training::total(TrainSummary& summary) {
  std::vector<std::int64_t> rows;
  std::vector<int> predicted;
  for (const Fold& fold : split_.folds) {
    for (const std::int64_t row : fold.valid) {
      const auto values = row >= table_.rows ? valid_.row(row - table_.rows) : oof_.row(row);
      rows.push_back(row);
      predicted.push_back(static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin()));
    }
  }
  const Metrics metrics = measure(truth_of(rows), predicted, static_cast<int>(table_.classes.size()));
  write_file_atomically(run_.member_metrics(options_.name), metrics.json(table_.classes.names()) + "\n");
  if (!rows.empty()) summary.validation = metrics;
  summary.out_of_fold = split_.folds.size() > 1;
  summary.epoch_selected_on_validation = selects_on_validation(options_);
}

// The recipe names the columns that were used, guessed or not: the same ones predict.
void Training::resolve_columns() {
  if (table_.has_ids) options_.id = table_.id_name;
  options_.label = table_.label_name;
  options_.group = table_.group_name;
  options_.text = table_.text_names;
}

// What the same command line resolved to when the run was started.
void Training::take_columns_of_run() {
  const TrainOptions started = read_recipe(read_file(run_.recipe()), run_.recipe().string());
  if (options_.id.empty()) options_.id = started.id;
  if (options_.label.empty()) options_.label = started.label;
  if (options_.group.empty()) options_.group = started.group;
  if (options_.text.empty()) options_.text = started.text;
}

TrainSummary Training::run() {
  const auto start = std::chrono::steady_clock::now();
  TrainSummary summary;
  if (options_.resume && run_.is_run()) {
    take_columns_of_run();
    if (finished()) {
      run_.prepare(options_);
      summary.unchanged = true;
      return summary;
    }
  }
  if (!options_.overfit_batch) run_.check(options_);
  member_ = make_member(options_, context_);
  table_ = read_training_table(options_, *member_, context_);
  resolve_columns();
  if (options_.valid.empty()) {
    const std::span<const int> labels(table_.labels.data(), static_cast<std::size_t>(table_.rows));
    check_class_counts(labels, table_.classes, static_cast<int>(options_.folds), context_, table_.groups);
  }
  split_ = split_rows(options_, table_, context_.seed);
  describe(table_, split_, context_);
  member_->describe(table_.classes, context_);
  if (options_.overfit_batch) {
    member_->overfit(fit_input(0, {}), context_);
    summary.unchanged = true;
    return summary;
  }

  run_.prepare(options_);
  table_.classes.write(run_.labels());
  write_folds(run_, table_, split_.fold_of_row);
  const auto classes = static_cast<std::int64_t>(table_.classes.size());
  oof_ = Matrix(table_.rows, classes, std::numeric_limits<float>::quiet_NaN());
  valid_ = Matrix(table_.valid_rows, classes);
  test_ = Matrix(table_.test_rows, classes);
  for (int k = 0; k < static_cast<int>(split_.folds.size()); ++k) run_fold(k);
  write_matrices();
  total(summary);
  summary.documents = table_.rows;
  summary.classes = table_.classes.names();
  summary.folds = std::move(scores_);
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return summary;
}

}  // namespace

TrainSummary train_run(TrainOptions options, const Context& context) {
  check_options(options);
  return Training(std::move(options), context).run();
}

}  // namespace quire
