#include "quire/nn/loss.h"

#include "quire/nn/aten.h"

namespace quire::nn {

at::Tensor classification_loss(const at::Tensor& logits, const at::Tensor& labels,
                               const LossOptions& options) {
  const at::Tensor loss = at::cross_entropy_loss(logits, labels, options.class_weights, at::Reduction::None,
                                                 /*ignore_index=*/-100, options.label_smoothing);
  if (options.focal_gamma == 0) return loss;
  const at::Tensor truth = at::softmax(logits, 1).gather(1, labels.unsqueeze(1)).squeeze(1);
  return at::pow(1 - truth, options.focal_gamma) * loss;
}

at::Tensor symmetric_divergence(const at::Tensor& logits, const at::Tensor& other) {
  const at::Tensor p = at::log_softmax(logits, 1);
  const at::Tensor q = at::log_softmax(other, 1);
  return 0.5 * ((at::exp(p) - at::exp(q)) * (p - q)).sum(1);
}

}  // namespace quire::nn
