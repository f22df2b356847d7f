// What a method is fitted to.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ensemble/parts.h"
#include "ensemble/voices.h"
#include "quire/base/context.h"
#include "quire/ensemble/combination.h"
#include "quire/ensemble/cross_fit.h"

namespace quire::ensemble {

struct Lesson {
  const Voices& tuned;             // of all rows, but a fit reads only those below
  std::span<const int> labels;     // of all rows
  const Parts& parts;              // of all rows
  std::vector<bool> use;           // by part
  std::vector<std::int64_t> rows;  // of the parts in use
  const CombineOptions& options;
  const Context& context;
};

// A method sets the rule and the weights of a combination that is a plain mean of the lesson's members.
using Fit = void (*)(const Lesson&, Combination&);

void fit_best_member(const Lesson& lesson, Combination& combination);
void fit_mean(const Lesson& lesson, Combination& combination);
void fit_log_mean(const Lesson& lesson, Combination& combination);
void fit_vote(const Lesson& lesson, Combination& combination);
void fit_weighted_vote(const Lesson& lesson, Combination& combination);
void fit_weighted_mean(const Lesson& lesson, Combination& combination);
void fit_greedy(const Lesson& lesson, Combination& combination);
void fit_stack(const Lesson& lesson, Combination& combination);

// By member, how many of the rows its most probable class is right on.
[[nodiscard]] std::vector<std::int64_t> right_rows(const Lesson& lesson);

// The weights that minimise the log loss of a mixture: -sum over rows of log(sum over members of w p), for
// `chances` [rows, members] the probabilities of the truth, over w >= 0 that sum to 1. Convex.
[[nodiscard]] std::vector<double> mixture_weights(std::span<const float> chances, std::int64_t members);

}  // namespace quire::ensemble
