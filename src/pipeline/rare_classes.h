// Classes with fewer rows than folds: what is done with their rows.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "quire/base/context.h"

namespace quire {

// --rare-classes: keep | error | drop | merge:NAME.
struct RarePolicy {
  enum class Kind { keep, error, drop, merge };
  Kind kind = Kind::keep;
  std::string name;  // of the class they are merged into
};
// InputError for anything else.
[[nodiscard]] RarePolicy parse_rare_policy(const std::string& text);

// Which rows are left out by `drop` (true), and changes the labels of those that `merge` renames. Tells the
// user which classes it was about. InputError under `error`.
[[nodiscard]] std::vector<bool> treat_rare_classes(std::vector<std::string>& labels, int folds,
                                                   const RarePolicy& policy, const Context& context);

// Rows that stay in every training part, so that they have no out-of-fold row: a class with a single row, or
// whose rows all lie in one group, cannot both be learned and held out. Whoever shares their group stays with
// them, or a twin would be scored by a model that has seen it.
[[nodiscard]] std::vector<bool> never_held_out(std::span<const int> labels,
                                               std::span<const std::string> groups, std::size_t classes);

}  // namespace quire
