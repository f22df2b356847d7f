#include "pipeline/member_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/stopwatch.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHeldOut = "held_out.npy";
// Share of a fold's training rows by which its epoch or round is chosen.
constexpr double kInnerShare = 0.1;

std::optional<Matrix> read_matrix(const fs::path& path, std::int64_t rows, std::int64_t classes) {
  if (!fs::exists(path)) return std::nullopt;
  Matrix matrix = read_npy(path);
  if (matrix.rows != rows || matrix.cols != classes) return std::nullopt;
  return matrix;
}

}  // namespace

MemberRun::MemberRun(const Task& task, const MemberOptions& options, const RunDirectory& run,
                     const Context& context)
    : task_(task), options_(options), run_(run), context_(context) {
  if (options_.seed) context_.seed = static_cast<std::uint64_t>(*options_.seed);
}

std::string MemberRun::key_of(int k) const {
  if (key_.empty()) key_ = member_key(task_, options_);
  return fold_key(key_, k);
}

const Member& MemberRun::member() {
  if (!member_) member_ = options_.settings().make(context_);
  return *member_;
}

std::vector<int> MemberRun::truth_of(std::span<const std::int64_t> rows) const {
  std::vector<int> truth;
  truth.reserve(rows.size());
  for (const std::int64_t row : rows) truth.push_back(task_.labels[static_cast<std::size_t>(row)]);
  return truth;
}

// What lies on the disk, if it is of this task and these options and whole.
std::optional<MemberRun::Outcome> MemberRun::finished_fold(int k) const {
  const fs::path directory = run_.fold(options_.name, k);
  const auto record = read_fold_record(directory);
  if (!record || record->state != FoldState::finished || record->key != key_of(k) ||
      record->predicted != task_.predicted_fingerprint())
    return std::nullopt;
  const auto classes = static_cast<std::int64_t>(task_.classes.size());
  const Fold& fold = task_.split.folds[static_cast<std::size_t>(k)];
  auto held_out = read_matrix(directory / kHeldOut, static_cast<std::int64_t>(fold.valid.size()), classes);
  if (!held_out) return std::nullopt;
  Outcome outcome{.held_out = std::move(*held_out), .predicted = {}};
  for (const PredictedTable& table : task_.predicted) {
    auto matrix = read_matrix(directory / (table.name + ".npy"), table.rows, classes);
    if (!matrix) return std::nullopt;
    outcome.predicted.push_back(std::move(*matrix));
  }
  return outcome;
}

bool MemberRun::finished() const {
  if (!fs::exists(run_.member_metrics(options_.name))) return false;
  for (int k = 0; k < task_.fold_count(); ++k)
    if (!finished_fold(k)) return false;
  return true;
}

bool MemberRun::chooses_on_scored_rows() const {
  switch (options_.settings().choice()) {
    case Choice::none:
      return false;
    case Choice::scored:
      return true;
    case Choice::inner:
      return task_.valid_rows > 0;  // that is what --valid is for
  }
  return false;
}

// The rows to train on and those to choose by. A choice by rows that the fold is scored on would make its
// score too good, so they come out of the fold's own training rows.
Fold MemberRun::rows_to_fit(int k) const {
  const Fold& fold = task_.split.folds[static_cast<std::size_t>(k)];
  if (chooses_on_scored_rows()) return fold;
  if (options_.settings().choice() == Choice::none) return {.train = fold.train, .valid = {}};
  std::vector<int> labels;
  std::vector<std::string> groups;
  for (const std::int64_t row : fold.train) {
    labels.push_back(task_.labels[static_cast<std::size_t>(row)]);
    if (!task_.groups.empty()) groups.push_back(task_.groups[static_cast<std::size_t>(row)]);
  }
  const auto seed = static_cast<std::uint64_t>(task_.options.seed) + static_cast<std::uint64_t>(k) + 1;
  const std::vector<bool> held_out = hold_out(labels, groups, kInnerShare, seed);
  Fold inner;
  for (std::size_t i = 0; i < fold.train.size(); ++i)
    (held_out[i] ? inner.valid : inner.train).push_back(fold.train[i]);
  return inner;
}

FitInput MemberRun::fit_input(int k, const Corpus& corpus, const Fold& rows) const {
  const fs::path directory = run_.fold(options_.name, k);
  return {.corpus = &corpus,
          .labels = task_.labels,
          .classes = &task_.classes,
          .train = rows.train,
          .valid = rows.valid,
          .fold = k,
          .folds = task_.fold_count(),
          .directory = directory,
          .shared = directory.parent_path(),
          .resume = true};
}

void MemberRun::overfit(const Corpus& corpus) {
  const Fold& fold = task_.split.folds.front();
  FitInput input = fit_input(0, corpus, fold);
  input.directory.clear();
  input.shared.clear();
  member().overfit(input, context_);
}

void MemberRun::check_classes(const FittedMember& fitted, const fs::path& directory) const {
  if (fitted.class_names() == task_.classes.names()) return;
  throw InputError(
      fmt::format("'{}' was trained on other classes than those of the training table ({} of them, not {})",
                  directory.string(), fitted.class_names().size(), task_.classes.size()),
      "replace the run with --force");
}

// Fits, goes on with a fit that was interrupted, or opens what an interrupted run has fitted.
std::unique_ptr<FittedMember> MemberRun::fit(int k, const Corpus& corpus) {
  const fs::path directory = run_.fold(options_.name, k);
  const std::string key = key_of(k);
  const auto record = read_fold_record(directory);
  if (record && record->key == key && record->state != FoldState::started)
    return options_.kind().open(directory, options_.settings().as_trained(), context_);
  if (!record || record->key != key) {
    fs::remove_all(directory);
    make_directories(directory);
    write_fold_record(directory, {.state = FoldState::started, .key = key, .predicted = {}, .seconds = 0});
  }
  const Stopwatch watch;
  const Fold rows = rows_to_fit(k);
  auto fitted = member().fit(fit_input(k, corpus, rows), context_);
  write_fold_record(directory,
                    {.state = FoldState::fitted, .key = key, .predicted = {}, .seconds = watch.seconds()});
  return fitted;
}

MemberRun::Outcome MemberRun::run_fold(int k, const Corpus& corpus) {
  if (auto made = finished_fold(k)) return std::move(*made);
  const fs::path directory = run_.fold(options_.name, k);
  const std::unique_ptr<FittedMember> fitted = fit(k, corpus);
  check_classes(*fitted, directory);
  const std::string stage = fmt::format("fold {} predicting", k);
  Outcome outcome;
  const Fold& fold = task_.split.folds[static_cast<std::size_t>(k)];
  outcome.held_out = fitted->predict(corpus, fold.valid, context_, stage);
  write_npy(directory / kHeldOut, outcome.held_out);
  for (const PredictedTable& table : task_.predicted) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(table.rows));
    std::iota(rows.begin(), rows.end(), table.first);
    outcome.predicted.push_back(fitted->predict(corpus, rows, context_, stage));
    write_npy(directory / (table.name + ".npy"), outcome.predicted.back());
  }
  write_file_atomically(run_.fold_metrics(options_.name, k),
                        score(k, outcome.held_out).json(task_.classes.names()) + "\n");
  FoldRecord record = read_fold_record(directory).value_or(FoldRecord{});
  record.state = FoldState::finished;
  record.key = key_of(k);
  record.predicted = task_.predicted_fingerprint();
  write_fold_record(directory, record);
  options_.kind().forget_progress(directory);
  return outcome;
}

Metrics MemberRun::score(int k, const Matrix& held_out) const {
  const Fold& fold = task_.split.folds[static_cast<std::size_t>(k)];
  return measure(truth_of(fold.valid), most_probable(held_out), static_cast<int>(task_.classes.size()));
}

MemberScore MemberRun::run(const Corpus* corpus) {
  const auto classes = static_cast<std::int64_t>(task_.classes.size());
  MemberMatrices& all = matrices_;
  all.oof = Matrix(task_.rows, classes, std::numeric_limits<float>::quiet_NaN());
  all.valid = Matrix(task_.valid_rows, classes);
  all.predicted.clear();
  for (const PredictedTable& table : task_.predicted) all.predicted.emplace_back(table.rows, classes);
  MemberScore result;
  result.name = options_.name;
  const auto share = 1.0F / static_cast<float>(task_.fold_count());
  std::vector<std::int64_t> rows;
  std::vector<int> predicted;
  for (int k = 0; k < task_.fold_count(); ++k) {
    const Outcome outcome = corpus != nullptr ? run_fold(k, *corpus) : finished_fold(k).value();
    const Fold& fold = task_.split.folds[static_cast<std::size_t>(k)];
    for (std::size_t i = 0; i < fold.valid.size(); ++i) {
      const bool given = fold.valid[i] >= task_.rows;
      const auto target = given ? all.valid.row(fold.valid[i] - task_.rows) : all.oof.row(fold.valid[i]);
      std::ranges::copy(outcome.held_out.row(static_cast<std::int64_t>(i)), target.begin());
    }
    for (std::size_t t = 0; t < outcome.predicted.size(); ++t) {
      const std::vector<float>& values = outcome.predicted[t].values;
      for (std::size_t i = 0; i < values.size(); ++i) all.predicted[t].values[i] += share * values[i];
    }
    if (const auto record = read_fold_record(run_.fold(options_.name, k))) result.seconds += record->seconds;
    if (fold.valid.empty()) continue;
    result.folds.push_back({k, score(k, outcome.held_out)});
    rows.insert(rows.end(), fold.valid.begin(), fold.valid.end());
    const std::vector<int> best = most_probable(outcome.held_out);
    predicted.insert(predicted.end(), best.begin(), best.end());
  }
  const Metrics metrics = measure(truth_of(rows), predicted, static_cast<int>(classes));
  if (!rows.empty()) result.validation = metrics;
  result.out_of_fold = task_.fold_count() > 1;
  result.chosen_on_scored_rows = chooses_on_scored_rows();

  const fs::path member = run_.member(options_.name);
  write_npy(member / "oof.npy", all.oof);
  if (task_.valid_rows > 0) write_npy(member / "valid.npy", all.valid);
  for (std::size_t t = 0; t < task_.predicted.size(); ++t)
    write_npy(member / (task_.predicted[t].name + ".npy"), all.predicted[t]);
  write_file_atomically(run_.member_metrics(options_.name), metrics.json(task_.classes.names()) + "\n");
  return result;
}

}  // namespace quire
