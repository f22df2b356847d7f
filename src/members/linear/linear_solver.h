// What the linear member fits to features and labels: the model, its C and its temperature.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "members/linear/linear_documents.h"
#include "quire/base/context.h"
#include "quire/linear/linear_model.h"
#include "quire/members/linear_options.h"

namespace quire {

struct LinearSolution {
  LinearModel model;
  bool converged = false;
};

// The model to keep, of `loss` ("svm" or "logistic"). `class_weights` may be empty.
[[nodiscard]] LinearSolution solve_linear(const std::string& loss, double c, const FeatureMatrix& features,
                                          std::span<const int> labels, int classes,
                                          std::span<const float> class_weights, std::string_view stage,
                                          const Context& context);

[[nodiscard]] Matrix linear_scores(const LinearModel& model, const FeatureMatrix& features,
                                   const Context& context);

// Features of rows that are learned from, and of others, made as the fold makes its own: nothing of the
// others is seen.
struct SplitFeatures {
  FeatureMatrix train, valid;
};
using MakeFeatures =
    std::function<SplitFeatures(std::span<const std::int64_t> train, std::span<const std::int64_t> valid)>;

struct LinearChoice {
  double c = 1;
  double temperature = 1;
  std::optional<double> accuracy;  // of held-out rows at this C; none: nothing could be held out
  std::int64_t tried = 1;          // values of C
  std::int64_t held_out = 0;       // rows
};

// C, where the options leave it open, by accuracy on rows held out of `rows` (the smaller of equals), and
// for the SVM the temperature of its scores there. To choose among fewer than 10,000 rows, five inner
// folds hold out every row once; otherwise one fifth is held out. `labels` are those of the whole corpus.
[[nodiscard]] LinearChoice choose_linear(const LinearOptions& options, std::span<const std::int64_t> rows,
                                         std::span<const int> labels, int classes,
                                         std::span<const float> class_weights,
                                         const MakeFeatures& make_features, std::string_view stage,
                                         const Context& context);

}  // namespace quire
