#include "pipeline/rare_classes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "quire/base/error.h"
#include "quire/base/naming.h"

namespace quire {
namespace {

constexpr std::size_t kShown = 10;

// "'a' (1), 'b' (2) and 3 more", the smallest first.
std::string list_of(const std::vector<std::pair<std::string, std::int64_t>>& classes) {
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(kShown, classes.size()); ++i)
    shown.push_back(fmt::format("{} ({})", quoted_name(classes[i].first), classes[i].second));
  return fmt::format("{}{}", fmt::join(shown, ", "),
                     classes.size() > kShown ? fmt::format(" and {} more", classes.size() - kShown) : "");
}

}  // namespace

RarePolicy parse_rare_policy(const std::string& text) {
  using Kind = RarePolicy::Kind;
  if (text == "keep") return {Kind::keep, {}};
  if (text == "error") return {Kind::error, {}};
  if (text == "drop") return {Kind::drop, {}};
  if (text.starts_with("merge:") && text.size() > 6) return {Kind::merge, text.substr(6)};
  throw InputError(fmt::format("--rare-classes is '{}'", text),
                   "expected keep, error, drop, or merge:NAME with the name of the class they become");
}

std::vector<bool> treat_rare_classes(std::vector<std::string>& labels, int folds, const RarePolicy& policy,
                                     const Context& context) {
  std::vector<bool> dropped(labels.size(), false);
  std::map<std::string, std::int64_t> counts;
  for (const std::string& label : labels) ++counts[label];
  std::vector<std::pair<std::string, std::int64_t>> rare;
  for (const auto& [label, count] : counts)
    if (count < folds) rare.emplace_back(label, count);
  if (rare.empty()) return dropped;
  std::ranges::stable_sort(rare, {}, &std::pair<std::string, std::int64_t>::second);
  const std::string found = fmt::format("{} of {} classes have fewer rows than the {} folds: {}", rare.size(),
                                        counts.size(), folds, list_of(rare));

  using Kind = RarePolicy::Kind;
  if (policy.kind == Kind::error) {
    throw InputError(found, "give them more rows, use fewer --folds, or another --rare-classes");
  }
  if (policy.kind == Kind::keep) {
    context.warn(found +
                 "; rows of a class that cannot be held out stay in every training part and are not "
                 "scored (--rare-classes drop or merge:NAME does otherwise)");
    return dropped;
  }
  const bool drops = policy.kind == Kind::drop;
  std::int64_t rows = 0;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (counts.at(labels[row]) >= folds) continue;
    ++rows;
    if (drops) {
      dropped[row] = true;
    } else {
      labels[row] = policy.name;
    }
  }
  context.warn(fmt::format("{}; their {} rows are {}", found, rows,
                           drops ? "left out" : fmt::format("of class '{}' now", policy.name)));
  return dropped;
}

std::vector<bool> never_held_out(std::span<const int> labels, std::span<const std::string> groups,
                                 std::size_t classes) {
  // A row of no group is a group of its own.
  const auto group_of = [&](std::size_t row) {
    return groups.empty() || groups[row].empty() ? fmt::format("\n{}", row) : groups[row];
  };
  std::vector<std::string> first(classes);
  std::vector<bool> several(classes, false);
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const auto label = static_cast<std::size_t>(labels[row]);
    const std::string group = group_of(row);
    if (first[label].empty()) first[label] = group;
    if (first[label] != group) several[label] = true;
  }
  std::set<std::string> staying;
  for (std::size_t c = 0; c < classes; ++c)
    if (!several[c]) staying.insert(first[c]);
  std::vector<bool> never(labels.size(), false);
  if (staying.empty()) return never;
  for (std::size_t row = 0; row < labels.size(); ++row) never[row] = staying.contains(group_of(row));
  return never;
}

}  // namespace quire
