// Labels for unlabelled rows that an ensemble is sure of.
//
// A score out of fold stays honest only if the labels that a student of fold k learns from come from a
// teacher that has not seen the rows of fold k: the matrices of the fold-k models, combined by
// CrossFitted::without_fold[k]. That is the caller's to see to.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quire/base/context.h"
#include "quire/base/matrix.h"
#include "quire/ensemble/combination.h"

namespace quire {

struct PseudoLabelOptions {
  double agreement = 0.8;    // share of the members that must have the same first choice as the ensemble
  double probability = 0.9;  // of the ensemble
  bool balance = true;       // at most so many of a class as its share of the training rows allows
  bool soft = false;         // targets are the ensemble's probabilities
};

// Rows in ascending order, and what is said of them.
struct PseudoLabels {
  std::vector<std::int64_t> rows;
  std::vector<int> labels;
  std::vector<float> probability;  // of the label
  std::vector<float> agreement;    // share of the members whose first choice is the label
  Matrix targets;                  // [rows, classes]: of `soft` the probabilities, else 1 at the label
};

// `matrices` are the members' probabilities of the unlabelled rows, `combination` an ensemble of them.
// `training_counts` holds for each class its number of training rows: with `balance` class k keeps at most
// ceil(unlabelled rows * training_counts[k] / training rows) rows, the most probable ones (of equals the
// first). Members that lack a row are not asked about it. Throws InputError for a share outside [0, 1].
[[nodiscard]] PseudoLabels select_pseudo_labels(std::span<const Matrix> matrices,
                                                const Combination& combination,
                                                std::span<const std::int64_t> training_counts,
                                                const PseudoLabelOptions& options, const Context& context);

}  // namespace quire
