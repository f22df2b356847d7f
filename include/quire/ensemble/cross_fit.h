// Methods of combination, fitted so that their out-of-fold probabilities are honest.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quire/base/context.h"
#include "quire/base/matrix.h"
#include "quire/ensemble/combination.h"

namespace quire {

// What methods choose by and are chosen by.
enum class Metric { accuracy, macro_f1, log_loss };

// "accuracy", "macro_f1", "log_loss". Throws InputError, naming the nearest.
[[nodiscard]] Metric metric_of(std::string_view name);
[[nodiscard]] std::string_view metric_name(Metric metric);

// A method by its name in a recipe; the simplest first.
struct MethodDescription {
  std::string_view name;
  std::string_view summary;
};
[[nodiscard]] std::span<const MethodDescription> combination_methods();

struct CombineOptions {
  Metric metric = Metric::accuracy;  // what greedy and best-member choose by
  bool calibrate = true;             // temperatures of the members and of the result
  int rounds = 50;                   // of greedy
  int bags = 20;                     // of greedy: halves of the members
};

// A method's result over labelled rows.
struct CrossFitted {
  std::string method;
  Combination combination;  // fitted on all rows: for rows that are none of them
  // [folds]: fitted on the rows of all folds but one. What answers for the rows of that fold, and with the
  // models of that fold the only teacher that has not seen them. If fewer than two folds have rows, there is
  // nothing to fit on without one: then it is the plain mean.
  std::vector<Combination> without_fold;
  Matrix oof;  // [rows, classes]: rows of fold k by without_fold[k]; rows that no member has are NaN
};

// Fits every method for all rows and without each fold. `labels` are in [0, classes); `folds` from 0, or
// negative for rows that were never held out, which take no part and are answered for by `combination`. If
// fewer than two folds have rows, they are dealt into five parts for `oof`. Everything fitted (members'
// temperatures, weights, penalties, the result's temperature) sees only the rows it may; nothing depends on
// the threads. Throws InputError for an unknown method, Error where sizes do not match, Interrupted.
[[nodiscard]] std::vector<CrossFitted> cross_fit(std::span<const std::string> methods,
                                                 std::span<const Matrix> matrices,
                                                 std::span<const std::string> members,
                                                 std::span<const int> labels, std::span<const int> folds,
                                                 const CombineOptions& options, const Context& context);

// Which of the candidates' out-of-fold matrices is to be preferred: the best by the metric; but of those that
// McNemar's test cannot tell from it (p > .05) the one of the lowest log loss. The first of equals. -1 of
// nothing.
[[nodiscard]] int choose(std::span<const Matrix* const> candidates, std::span<const int> labels,
                         Metric metric);

}  // namespace quire
