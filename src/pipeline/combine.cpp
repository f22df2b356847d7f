#include "pipeline/combine.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "pipeline/combined_files.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/json.h"
#include "quire/ensemble/cross_fit.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 1;  // of chosen.json
constexpr const char* kBestMember = "best-member";

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const MethodDescription& method : combination_methods()) names.emplace_back(method.name);
  return names;
}

void check_method(const std::string& name, const std::string& option) {
  const std::vector<std::string> known = method_names();
  if (std::ranges::find(known, name) != known.end()) return;
  const std::string nearest = nearest_name(name, known);
  throw InputError(
      fmt::format("[ensemble] {} has '{}', which is no method", option, name),
      nearest.empty() ? "docs/ensemble.md lists the methods" : fmt::format("did you mean {}?", nearest));
}

// The rows that methods are fitted to and scored on.
struct Lesson {
  std::vector<Matrix> matrices;  // of each member
  std::vector<std::string> names;
  std::vector<int> labels;
  std::vector<int> folds;
};

Lesson lesson_of(const Task& task, std::span<const MemberRun> members) {
  Lesson lesson;
  const bool given = task.valid_rows > 0;
  for (const MemberRun& member : members) {
    lesson.matrices.push_back(given ? member.matrices().valid : member.matrices().oof);
    lesson.names.push_back(member.options().name);
  }
  const auto rows = static_cast<std::size_t>(task.rows);
  if (given) {
    lesson.labels.assign(task.labels.begin() + static_cast<std::ptrdiff_t>(rows),
                         task.labels.begin() + static_cast<std::ptrdiff_t>(rows) + task.valid_rows);
    lesson.folds.assign(lesson.labels.size(), 0);
  } else {
    lesson.labels.assign(task.labels.begin(), task.labels.begin() + static_cast<std::ptrdiff_t>(rows));
    lesson.folds = task.split.fold_of_row;
  }
  return lesson;
}

std::vector<Matrix> predicted_of(std::span<const MemberRun> members, std::size_t table) {
  std::vector<Matrix> matrices;
  for (const MemberRun& member : members) matrices.push_back(member.matrices().predicted[table]);
  return matrices;
}

// The methods that were asked for, and a single member, which is always worth comparing with.
std::vector<std::string> methods_of(const EnsembleOptions& options) {
  std::vector<std::string> methods = options.methods;
  for (const std::string& name : {std::string(kBestMember), options.choose}) {
    if (name != "auto" && std::ranges::find(methods, name) == methods.end()) methods.push_back(name);
  }
  return methods;
}

std::string choose_method(std::span<const CrossFitted> fitted, const Lesson& lesson,
                          const EnsembleOptions& options) {
  if (options.choose != "auto") return options.choose;
  std::vector<const Matrix*> candidates;
  for (const CrossFitted& one : fitted) candidates.push_back(&one.oof);
  const int index = choose(candidates, lesson.labels, metric_of(options.metric));
  return index < 0 ? kBestMember : fitted[static_cast<std::size_t>(index)].method;
}

class Combining {
 public:
  Combining(const Task& task, const Recipe& recipe, std::span<const MemberRun> members,
            std::span<const MemberScore> scores, const RunDirectory& run, const Context& context)
      : task_(task),
        recipe_(recipe),
        members_(members),
        scores_(scores),
        run_(run),
        context_(context),
        lesson_(lesson_of(task, members)) {}

  Combined run();

 private:
  void write_method(const CrossFitted& fitted);
  void rank_members();
  void rank_methods();
  [[nodiscard]] std::optional<Scores> holdout_scores(std::span<const Matrix> predicted) const;
  void write_choice(const CrossFitted& chosen);
  void remove_what_no_longer_belongs() const;

  const Task& task_;
  const Recipe& recipe_;
  std::span<const MemberRun> members_;
  std::span<const MemberScore> scores_;
  const RunDirectory& run_;
  const Context& context_;
  Lesson lesson_;
  std::vector<CrossFitted> fitted_;
  std::vector<std::vector<Matrix>> predicted_;  // of each method, of each table to predict
  Combined combined_;
};

void Combining::write_method(const CrossFitted& fitted) {
  make_directories(run_.ensemble(fitted.method));
  write_file_atomically(run_.combination(fitted.method), fitted.combination.json());
  write_npy(run_.ensemble(fitted.method) / (task_.valid_rows > 0 ? "valid.npy" : "oof.npy"), fitted.oof);
  std::vector<Matrix> predicted;
  for (std::size_t t = 0; t < task_.predicted.size(); ++t) {
    predicted.push_back(fitted.combination.combine(predicted_of(members_, t), context_));
    write_npy(run_.ensemble(fitted.method) / (task_.predicted[t].name + ".npy"), predicted.back());
  }
  predicted_.push_back(std::move(predicted));
}

std::optional<Scores> Combining::holdout_scores(std::span<const Matrix> predicted) const {
  for (std::size_t t = 0; t < task_.predicted.size(); ++t) {
    const PredictedTable& table = task_.predicted[t];
    if (table.name != "holdout" || !table.has_truth()) continue;
    // Rows of unknown labels count as wrong nowhere: there is no class to hit.
    Matrix known = predicted[t];
    std::vector<int> truth = table.truth;
    for (std::size_t row = 0; row < truth.size(); ++row) {
      if (truth[row] >= 0) continue;
      truth[row] = 0;
      std::ranges::fill(known.row(static_cast<std::int64_t>(row)), std::numeric_limits<float>::quiet_NaN());
    }
    return score(known, truth);
  }
  return std::nullopt;
}

void Combining::rank_members() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    combined_.leaderboard.push_back({.name = lesson_.names[i],
                                     .is_ensemble = false,
                                     .round = 0,
                                     .oof = score(lesson_.matrices[i], lesson_.labels),
                                     .holdout = holdout_scores(members_[i].matrices().predicted),
                                     .p_against_best_member = 1,
                                     .seconds = scores_[i].seconds});
  }
}

// Each against the best member, on the rows that both predict.
void Combining::rank_methods() {
  const Metric metric = metric_of(recipe_.ensemble.metric);
  std::size_t best = 0;
  for (std::size_t i = 1; i < members_.size(); ++i)
    if (is_better(combined_.leaderboard[i].oof, combined_.leaderboard[best].oof, metric)) best = i;
  const std::vector<int> of_best = predictions(lesson_.matrices[best]);
  double seconds = 0;
  for (const MemberScore& score : scores_) seconds += score.seconds;
  for (std::size_t m = 0; m < fitted_.size(); ++m) {
    combined_.leaderboard.push_back(
        {.name = fitted_[m].method,
         .is_ensemble = true,
         .round = 0,
         .oof = score(fitted_[m].oof, lesson_.labels),
         .holdout = holdout_scores(predicted_[m]),
         .p_against_best_member = mcnemar(lesson_.labels, of_best, predictions(fitted_[m].oof)).p,
         .seconds = seconds});
  }
  for (std::size_t i = 0; i < members_.size(); ++i) {
    combined_.leaderboard[i].p_against_best_member =
        mcnemar(lesson_.labels, of_best, predictions(lesson_.matrices[i])).p;
  }
  sort_leaderboard(combined_.leaderboard, metric);
}

void Combining::write_choice(const CrossFitted& chosen) {
  const OrderedJson json = {{"format", kFormat}, {"method", chosen.method}};
  write_file_atomically(run_.chosen(), json.dump(2) + "\n");
  write_leaderboard(run_.path() / "leaderboard.tsv", combined_.leaderboard);
  if (task_.valid_rows == 0) {
    write_out_of_fold(run_.path() / "oof.tsv", task_, chosen.oof);
    write_suspects(run_.path() / "suspects.tsv", task_, chosen.oof);
  }
  write_coverage(run_.path() / "coverage.tsv", chosen.oof, lesson_.labels);
  const auto at = static_cast<std::size_t>(&chosen - fitted_.data());
  for (std::size_t t = 0; t < task_.predicted.size(); ++t) {
    if (task_.predicted[t].name != "test") continue;
    write_predictions(run_.path() / "predictions.tsv", task_, task_.predicted[t], predicted_[at][t], true);
    if (recipe_.output.submission.empty()) continue;
    write_predictions(run_.path() / recipe_.output.submission, task_, task_.predicted[t], predicted_[at][t],
                      false);
  }
}

// Of members and methods that the recipe does not name any more.
void Combining::remove_what_no_longer_belongs() const {
  std::vector<std::string> methods;
  for (const CrossFitted& one : fitted_) methods.push_back(one.method);
  const auto clear = [](const fs::path& folder, const std::vector<std::string>& belonging) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().stem().string();
      if (name != "chosen" && std::ranges::find(belonging, name) == belonging.end())
        found.push_back(entry.path());
    }
    for (const fs::path& path : found) fs::remove_all(path);
  };
  clear(run_.path() / "ensemble", methods);
}

Combined Combining::run() {
  const EnsembleOptions& options = recipe_.ensemble;
  const CombineOptions combine{.metric = metric_of(options.metric), .calibrate = options.calibrate};
  fitted_ = cross_fit(methods_of(options), lesson_.matrices, lesson_.names, lesson_.labels, lesson_.folds,
                      combine, context_);
  for (const CrossFitted& one : fitted_) write_method(one);
  rank_members();
  rank_methods();
  combined_.chosen = choose_method(fitted_, lesson_, options);
  write_choice(*std::ranges::find(fitted_, combined_.chosen, &CrossFitted::method));
  remove_what_no_longer_belongs();
  return std::move(combined_);
}

}  // namespace

void check_ensemble(const EnsembleOptions& options) {
  for (const std::string& method : options.methods) check_method(method, "methods");
  if (options.choose != "auto") check_method(options.choose, "choose");
}

Combined combine_members(const Task& task, const Recipe& recipe, std::span<const MemberRun> members,
                         std::span<const MemberScore> scores, const RunDirectory& run,
                         const Context& context) {
  return Combining(task, recipe, members, scores, run, context).run();
}

std::optional<Combination> chosen_combination(const RunDirectory& run, const std::string& method) {
  std::string name = method;
  if (name.empty()) {
    if (!fs::exists(run.chosen())) return std::nullopt;
    name = read_own_json(run.chosen(), kFormat).string("method");
  }
  if (!fs::exists(run.combination(name))) {
    throw InputError(fmt::format("the run '{}' has no method '{}'", run.path().string(), name),
                     "its folder ensemble holds those that it has");
  }
  return Combination::from_json(read_file(run.combination(name)), run.combination(name).string());
}

}  // namespace quire
