// Rows that are probably mislabelled, by confident learning (Northcutt, Jiang and Chuang, "Confident
// learning: estimating uncertainty in dataset labels", JAIR 2021).
//
// The probabilities must be out of fold: a model that has seen a wrong label is sure of it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quire/base/matrix.h"

namespace quire {

struct LabelIssue {
  std::int64_t row = 0;
  int given = 0;
  int likely = 0;                // the most probable class
  double given_probability = 0;  // this is the label's quality by self-confidence
  double likely_probability = 0;
  double margin_quality = 0;  // (probability of the given class less the largest other + 1) / 2
};

// The same rows as cleanlab 2.9's find_label_issues (filter_by="prune_by_noise_rate", all else its default)
// for the same probabilities in float64, but for rows of equal margin and for counts of equal remainder,
// where its choice depends on an unstable sort; here the first row and numpy's stable order decide. Sorted by
// given_probability, then by row. Rows of NaN are left out. Needs memory for a few numbers a row.
[[nodiscard]] std::vector<LabelIssue> find_label_issues(const Matrix& probabilities,
                                                        std::span<const int> labels);

// The calibrated confident joint: how many rows of given class i (first index) seem to be of class j,
// [classes, classes] in rows. Row i sums to the number of rows labelled i.
[[nodiscard]] std::vector<std::int64_t> confident_joint(const Matrix& probabilities,
                                                        std::span<const int> labels);

}  // namespace quire
