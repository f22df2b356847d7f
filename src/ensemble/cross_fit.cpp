#include "quire/ensemble/cross_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ensemble/combine_rows.h"
#include "ensemble/lesson.h"
#include "ensemble/temperature_table.h"
#include "quire/base/error.h"
#include "quire/ensemble/temperature.h"

namespace quire {
namespace {

using ensemble::Lesson;
using ensemble::Parts;
using ensemble::TemperatureTable;
using ensemble::Voices;

// The simplest first: of equals the first is chosen.
struct Method {
  MethodDescription description;
  ensemble::Fit fit;
  bool scales_itself = false;  // the result needs no temperature
};
constexpr std::array<Method, 8> kMethods = {{
    {{"best-member", "the member that is best alone"}, ensemble::fit_best_member},
    {{"mean", "mean of the probabilities"}, ensemble::fit_mean},
    {{"log-mean", "geometric mean of the probabilities"}, ensemble::fit_log_mean},
    {{"vote", "majority of the members, ties by the mean probability"}, ensemble::fit_vote},
    {{"weighted-vote", "votes weighted by the log-odds of being right"}, ensemble::fit_weighted_vote},
    {{"weighted-mean", "mean whose weights minimise the log loss"}, ensemble::fit_weighted_mean},
    {{"greedy", "greedy selection with replacement, by the metric"}, ensemble::fit_greedy},
    {{"stack", "logistic regression on the log-probabilities"}, ensemble::fit_stack, true},
}};
constexpr std::array<MethodDescription, kMethods.size()> kDescriptions = [] {
  std::array<MethodDescription, kMethods.size()> all;
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = kMethods[i].description;
  return all;
}();

const Method& method_of(const std::string& name) {
  std::vector<std::string> names;
  for (const Method& method : kMethods) {
    if (method.description.name == name) return method;
    names.emplace_back(method.description.name);
  }
  const std::string near = nearest_name(name, names);
  throw InputError(fmt::format("'{}' is not a method of combination", name),
                   near.empty() ? fmt::format("there are {}", fmt::join(names, ", "))
                                : fmt::format("did you mean '{}'?", near));
}

void check_sizes(std::span<const Matrix> matrices, std::span<const std::string> members,
                 std::span<const int> labels, std::span<const int> folds) {
  if (matrices.empty()) throw Error("there are no matrices to combine");
  if (matrices.size() != members.size()) {
    throw Error(fmt::format("{} matrices have {} names", matrices.size(), members.size()));
  }
  if (labels.size() != folds.size()) {
    throw Error(fmt::format("{} labels have {} folds", labels.size(), folds.size()));
  }
  for (std::size_t m = 0; m < matrices.size(); ++m) {
    const Matrix& matrix = matrices[m];
    if (matrix.rows == static_cast<std::int64_t>(labels.size()) && matrix.cols == matrices[0].cols) continue;
    throw Error(fmt::format("the matrix of member '{}' is {} x {}; {} x {} was expected", members[m],
                            matrix.rows, matrix.cols, labels.size(), matrices[0].cols));
  }
  for (const int label : labels) {
    if (label >= 0 && label < matrices[0].cols) continue;
    throw Error(fmt::format("label {} is not one of {} classes", label, matrices[0].cols));
  }
}

// One temperature table for each member, read again for every fold that is left out.
class MemberTemperatures {
 public:
  MemberTemperatures(const Voices& voices, std::span<const int> labels, const Parts& parts, int threads) {
    tables_.reserve(static_cast<std::size_t>(voices.members));
    for (std::int64_t m = 0; m < voices.members; ++m) {
      tables_.emplace_back(voices.logs.data() + m * voices.classes, voices.members * voices.classes,
                           voices.classes, labels, parts, threads);
      tables_.back().leave_out_missing(voices.present.data() + m, voices.members);
    }
  }

  std::vector<double> fit(const std::vector<bool>& use) {
    std::vector<double> temperatures;
    for (TemperatureTable& table : tables_) temperatures.push_back(table.fit(use));
    return temperatures;
  }

 private:
  std::vector<TemperatureTable> tables_;
};

class CrossFitter {
 public:
  CrossFitter(std::span<const Matrix> matrices, std::span<const std::string> members,
              std::span<const int> labels, std::span<const int> folds, const CombineOptions& options,
              const Context& context)
      : members_(members),
        labels_(labels),
        options_(options),
        context_(context),
        voices_(ensemble::listen(matrices, 0, matrices[0].rows, matrices[0].cols, context.threads)),
        anyone_(ensemble::anyone(voices_)),
        parts_(ensemble::make_parts(labels, folds, anyone_)),
        temperatures_(voices_, labels, parts_, context.threads) {
    for (const int fold : folds) folds_ = std::max(folds_, fold + 1);
  }

  std::vector<CrossFitted> run(const std::vector<const Method*>& methods) {
    std::vector<CrossFitted> results(methods.size());
    for (std::size_t i = 0; i < methods.size(); ++i) {
      results[i].method = methods[i]->description.name;
      results[i].oof = Matrix(voices_.rows, voices_.classes, std::numeric_limits<float>::quiet_NaN());
      results[i].without_fold.assign(static_cast<std::size_t>(folds_), plain_mean(voices_.classes, members_));
    }
    // First all rows, then without each fold. Each answers for its rows alone.
    for (int fold = -1; fold < parts_.folds(); ++fold) {
      const auto answered = rows_answered(fold);
      if (fold >= 0 && answered.empty()) continue;  // nothing to leave out
      fit_without(fold, answered, methods, results);
    }
    return results;
  }

 private:
  // Of fold -1 those that no fold holds.
  [[nodiscard]] std::vector<std::int64_t> rows_answered(int fold) const {
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < parts_.of_row.size(); ++i) {
      const int part = parts_.of_row[i];
      const int row_fold = part < 0 ? -1 : parts_.fold_of[static_cast<std::size_t>(part)];
      if (row_fold == fold) rows.push_back(static_cast<std::int64_t>(i));
    }
    return rows;
  }

  void fit_without(int fold, std::span<const std::int64_t> answered,
                   const std::vector<const Method*>& methods, std::vector<CrossFitted>& results) {
    Combination start = plain_mean(voices_.classes, members_);
    Lesson lesson{tuned_, labels_, parts_, parts_.without(fold), {}, options_, context_};
    lesson.rows = parts_.rows(lesson.use);
    if (options_.calibrate) start.member_temperatures = temperatures_.fit(lesson.use);
    ensemble::tune(voices_, start.member_temperatures, tuned_, context_.threads);
    for (std::size_t i = 0; i < methods.size(); ++i) {
      context_.check_stop();
      Combination combination = start;
      combination.method = methods[i]->description.name;
      if (!lesson.rows.empty()) fit(*methods[i], lesson, combination);
      Matrix& oof = results[i].oof;
      ensemble::combine_tuned(combination, tuned_, answered, oof, context_.threads);
      for (const std::int64_t row : answered) {
        if (combination.temperature != 1 && anyone_[static_cast<std::size_t>(row)] != 0) {
          ensemble::sharpen(oof.row(row), combination.temperature);
        }
      }
      if (fold < 0) {
        results[i].combination = std::move(combination);
      } else if (!parts_.folds_are_ours) {
        results[i].without_fold[static_cast<std::size_t>(fold)] = std::move(combination);
      }
    }
  }

  void fit(const Method& method, const Lesson& lesson, Combination& combination) const {
    method.fit(lesson, combination);
    if (!options_.calibrate || method.scales_itself) return;
    Matrix combined(voices_.rows, voices_.classes);
    ensemble::combine_tuned(combination, tuned_, lesson.rows, combined, context_.threads);
    const Voices heard =
        ensemble::listen(std::span(&combined, 1), 0, combined.rows, combined.cols, context_.threads);
    TemperatureTable table(heard.logs.data(), heard.classes, heard.classes, labels_, parts_,
                           context_.threads);
    combination.temperature = table.fit(lesson.use);
  }

  std::span<const std::string> members_;
  std::span<const int> labels_;
  const CombineOptions& options_;
  const Context& context_;
  Voices voices_;
  Voices tuned_;  // for the fold at hand
  std::vector<std::uint8_t> anyone_;
  Parts parts_;
  MemberTemperatures temperatures_;
  int folds_ = 0;
};

}  // namespace

std::span<const MethodDescription> combination_methods() { return kDescriptions; }

std::vector<CrossFitted> cross_fit(std::span<const std::string> methods, std::span<const Matrix> matrices,
                                   std::span<const std::string> members, std::span<const int> labels,
                                   std::span<const int> folds, const CombineOptions& options,
                                   const Context& context) {
  std::vector<const Method*> wanted;
  for (const std::string& name : methods) wanted.push_back(&method_of(name));
  check_sizes(matrices, members, labels, folds);
  return CrossFitter(matrices, members, labels, folds, options, context).run(wanted);
}

}  // namespace quire
