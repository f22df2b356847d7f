#include "ensemble/parts.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace quire::ensemble {
namespace {

constexpr int kFoldsOfOurs = 5;
constexpr int kFewestParts = 3;  // that remain without a fold

}  // namespace

int Parts::folds() const { return fold_of.empty() ? 0 : *std::ranges::max_element(fold_of) + 1; }

std::vector<bool> Parts::without(int fold) const {
  std::vector<bool> use(fold_of.size());
  for (std::size_t part = 0; part < use.size(); ++part) use[part] = fold_of[part] != fold;
  return use;
}

std::vector<std::int64_t> Parts::rows(const std::vector<bool>& use) const {
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < of_row.size(); ++i) {
    if (of_row[i] >= 0 && use[static_cast<std::size_t>(of_row[i])]) {
      rows.push_back(static_cast<std::int64_t>(i));
    }
  }
  return rows;
}

Parts make_parts(std::span<const int> labels, std::span<const int> folds,
                 std::span<const std::uint8_t> usable) {
  std::set<int> present;
  for (std::size_t i = 0; i < folds.size(); ++i) {
    if (folds[i] >= 0 && usable[i] != 0) present.insert(folds[i]);
  }
  Parts parts;
  parts.of_row.assign(labels.size(), -1);
  parts.folds_are_ours = present.size() < 2;
  const int fold_count = static_cast<int>(present.size());
  const int others = std::max(1, fold_count - 1);
  const int pieces = parts.folds_are_ours ? kFoldsOfOurs : (kFewestParts + others - 1) / others;
  std::map<int, int> first_part;
  for (const int fold : present) {
    first_part[fold] = parts.count();
    for (int piece = 0; piece < pieces; ++piece) {
      parts.fold_of.push_back(parts.folds_are_ours ? piece : fold);
    }
  }
  std::map<std::pair<int, int>, int> met;  // rows so far of a fold and class
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (folds[i] < 0 || usable[i] == 0) continue;
    parts.of_row[i] = first_part[folds[i]] + met[{folds[i], labels[i]}]++ % pieces;
  }
  return parts;
}

}  // namespace quire::ensemble
