// Losses of a classifier: one number for each document.
#pragma once

#include <ATen/core/Tensor.h>

namespace quire::nn {

struct LossOptions {
  double label_smoothing = 0;  // share of the target spread evenly over the classes
  double focal_gamma = 0;      // Lin et al. 2017: times (1 - p of the true class)^gamma
  at::Tensor class_weights;    // float32 [classes]; undefined: all 1
};

// Cross-entropy of each document, as torch.nn.functional.cross_entropy with reduction "none" has it
// (weights and label smoothing included), times the focal factor, which is part of the gradient.
// logits [N, classes], labels int64 [N]; result [N].
[[nodiscard]] at::Tensor classification_loss(const at::Tensor& logits, const at::Tensor& labels,
                                             const LossOptions& options);

// R-Drop (Liang et al. 2021): half the symmetric Kullback-Leibler divergence between the predictions
// of two dropout passes over the same documents: [N].
[[nodiscard]] at::Tensor symmetric_divergence(const at::Tensor& logits, const at::Tensor& other);

}  // namespace quire::nn
