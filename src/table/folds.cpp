#include "quire/table/folds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "quire/base/error.h"
#include "quire/base/random.h"

namespace quire {
namespace {

// Rows that go the same way, and how many of each class are among them.
struct Unit {
  std::vector<std::size_t> rows;
  std::vector<std::pair<std::size_t, std::int64_t>> counts;  // (class, rows), few
};

std::vector<std::int64_t> count_classes(std::span<const int> labels) {
  std::vector<std::int64_t> counts;
  for (const int label : labels) {
    const auto index = static_cast<std::size_t>(label);
    if (index >= counts.size()) counts.resize(index + 1);
    ++counts[index];
  }
  return counts;
}

// One unit for each group, in the order of first rows; rows without a group are on their own.
std::vector<Unit> make_units(std::span<const int> labels, std::span<const std::string> groups) {
  std::vector<Unit> units;
  std::unordered_map<std::string_view, std::size_t> unit_of;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    std::size_t index = units.size();
    if (!groups.empty() && !groups[row].empty()) index = unit_of.emplace(groups[row], index).first->second;
    if (index == units.size()) units.emplace_back();
    Unit& unit = units[index];
    unit.rows.push_back(row);
    const auto label = static_cast<std::size_t>(labels[row]);
    const auto found = std::ranges::find(unit.counts, label, &std::pair<std::size_t, std::int64_t>::first);
    if (found == unit.counts.end()) {
      unit.counts.emplace_back(label, 1);
    } else {
      ++found->second;
    }
  }
  return units;
}

void check_lengths(std::span<const int> labels, std::span<const std::string> groups) {
  if (!groups.empty() && groups.size() != labels.size()) {
    throw Error(fmt::format("{} groups for {} labels", groups.size(), labels.size()));
  }
}

// Deals the rows of one class after another, each class from the fold where the last one ended.
std::vector<int> deal_rows(std::span<const int> labels, int folds, Random& random) {
  std::vector<std::vector<std::size_t>> rows_of(count_classes(labels).size());
  for (std::size_t row = 0; row < labels.size(); ++row)
    rows_of[static_cast<std::size_t>(labels[row])].push_back(row);
  std::vector<int> assignment(labels.size());
  int fold = 0;
  for (std::vector<std::size_t>& rows : rows_of) {
    random.shuffle(std::span(rows));
    for (const std::size_t row : rows) {
      assignment[row] = fold;
      fold = (fold + 1) % folds;
    }
  }
  return assignment;
}

// Sorts by the sum over classes of the squared share of the class that the unit holds, largest
// first: what is hard to place is placed while there is room.
void sort_by_share(std::vector<Unit>& units, std::span<const std::int64_t> totals, Random& random) {
  random.shuffle(std::span(units));
  const auto share = [&](const Unit& unit) {
    double sum = 0;
    for (const auto& [label, count] : unit.counts) {
      const double part = static_cast<double>(count) / static_cast<double>(totals[label]);
      sum += part * part;
    }
    return sum;
  };
  std::ranges::stable_sort(units, std::greater<>(), share);
}

// Keeps the variance between folds of each class's share small: of the choices for a unit, the
// one with the least sum over classes of (share of the class in the fold) x (share in the unit)
// adds the least to it.
std::vector<int> deal_groups(std::span<const int> labels, std::vector<Unit> units, int folds,
                             Random& random) {
  const std::vector<std::int64_t> totals = count_classes(labels);
  sort_by_share(units, totals, random);
  const auto fold_count = static_cast<std::size_t>(folds);
  std::vector<std::vector<std::int64_t>> class_counts(fold_count, std::vector<std::int64_t>(totals.size()));
  std::vector<std::size_t> sizes(fold_count);
  std::vector<int> assignment(labels.size());
  for (const Unit& unit : units) {
    const auto cost = [&](std::size_t fold) {
      double sum = 0;
      for (const auto& [label, count] : unit.counts) {
        const auto total = static_cast<double>(totals[label]);
        sum += static_cast<double>(class_counts[fold][label]) * static_cast<double>(count) / (total * total);
      }
      return std::pair(sum, sizes[fold]);  // among equals the smallest fold
    };
    std::size_t best = 0;
    for (std::size_t fold = 1; fold < fold_count; ++fold) {
      if (cost(fold) < cost(best)) best = fold;
    }
    for (const auto& [label, count] : unit.counts) class_counts[best][label] += count;
    sizes[best] += unit.rows.size();
    for (const std::size_t row : unit.rows) assignment[row] = static_cast<int>(best);
  }
  return assignment;
}

}  // namespace

std::vector<int> assign_folds(std::span<const int> labels, std::span<const std::string> groups, int folds,
                              std::uint64_t seed) {
  check_lengths(labels, groups);
  if (folds < 2) throw InputError(fmt::format("{} folds cannot be dealt", folds), "2 is the least");
  Random random(seed, Purpose::folds);
  const auto check = [&](std::size_t count, std::string_view what) {
    if (count < static_cast<std::size_t>(folds)) {
      throw InputError(fmt::format("{} {} are too few for {} folds", count, what, folds),
                       "take fewer --folds");
    }
  };
  check(labels.size(), "rows");
  if (groups.empty()) return deal_rows(labels, folds, random);
  std::vector<Unit> units = make_units(labels, groups);
  check(units.size(), "groups");
  return deal_groups(labels, std::move(units), folds, random);
}

namespace {

// What is held out so far, and how much more may be.
class HoldOut {
 public:
  HoldOut(std::span<const int> labels, double fraction)
      : totals_(count_classes(labels)),
        held_(totals_.size()),
        fraction_(fraction),
        room_(std::llround(fraction * static_cast<double>(labels.size()))),
        result_(labels.size(), false) {
    if (fraction > 0 && room_ == 0) room_ = 1;
  }

  // Whether some row of each of the unit's classes would be left to train on.
  [[nodiscard]] bool leaves_classes(const Unit& unit) const {
    return std::ranges::all_of(unit.counts, [&](const auto& entry) {
      return held_[entry.first] + entry.second < totals_[entry.first];
    });
  }

  // Whether it fits what is left of the whole and of each of its classes' shares, which are
  // rounded down or up.
  [[nodiscard]] bool fits(const Unit& unit, bool round_up) const {
    if (static_cast<std::int64_t>(unit.rows.size()) > room_ || !leaves_classes(unit)) return false;
    return std::ranges::all_of(unit.counts, [&](const auto& entry) {
      constexpr double kTolerance = 1e-9;  // a tenth of 30 is 3, whatever the last bit says
      const double share = fraction_ * static_cast<double>(totals_[entry.first]);
      const double limit = round_up ? std::ceil(share - kTolerance) : std::floor(share + kTolerance);
      return static_cast<double>(held_[entry.first] + entry.second) <= limit;
    });
  }

  void take(const Unit& unit) {
    for (const auto& [label, count] : unit.counts) held_[label] += count;
    for (const std::size_t row : unit.rows) result_[row] = true;
    room_ -= static_cast<std::int64_t>(unit.rows.size());
    ++taken_;
  }

  [[nodiscard]] std::size_t taken() const { return taken_; }
  [[nodiscard]] std::vector<bool> result() && { return std::move(result_); }

 private:
  std::vector<std::int64_t> totals_;
  std::vector<std::int64_t> held_;
  double fraction_;
  std::int64_t room_;
  std::size_t taken_ = 0;
  std::vector<bool> result_;
};

}  // namespace

std::vector<bool> hold_out(std::span<const int> labels, std::span<const std::string> groups, double fraction,
                           std::uint64_t seed) {
  check_lengths(labels, groups);
  if (!(fraction >= 0 && fraction < 1)) {
    throw InputError(fmt::format("{} of the rows cannot be held out", fraction),
                     "take at least 0 and less than 1");
  }
  HoldOut held(labels, fraction);
  if (fraction == 0) return std::move(held).result();
  std::vector<Unit> units = make_units(labels, groups);
  Random random(seed, Purpose::split);
  random.shuffle(std::span(units));
  // First what each class's share surely allows, then one row more of some of them.
  for (const bool round_up : {false, true}) {
    std::erase_if(units, [&](const Unit& unit) {
      if (!held.fits(unit, round_up)) return false;
      held.take(unit);
      return true;
    });
  }
  if (held.taken() == 0) {
    // Every group is larger than its classes' shares: the smallest is the nearest there is.
    std::ranges::stable_sort(units, {}, [](const Unit& unit) { return unit.rows.size(); });
    const auto smallest =
        std::ranges::find_if(units, [&](const Unit& unit) { return held.leaves_classes(unit); });
    if (smallest == units.end()) {
      throw InputError(fmt::format("no {} can be held out: each is all there is of some label",
                                   groups.empty() ? "row" : "group"),
                       "give validation rows with --valid, or hold out none with --valid-fraction 0");
    }
    held.take(*smallest);
  }
  return std::move(held).result();
}

Fold split_by_fold(std::span<const int> assignment, int fold) {
  Fold split;
  for (std::size_t row = 0; row < assignment.size(); ++row) {
    (assignment[row] == fold ? split.valid : split.train).push_back(static_cast<std::int64_t>(row));
  }
  return split;
}

Fold split_by_hold_out(const std::vector<bool>& held_out) {
  Fold split;
  for (std::size_t row = 0; row < held_out.size(); ++row) {
    (held_out[row] ? split.valid : split.train).push_back(static_cast<std::int64_t>(row));
  }
  return split;
}

}  // namespace quire
