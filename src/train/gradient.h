// The gradient of one optimiser step: micro-batches, loss, adversarial passes.
#pragma once

#include <span>
#include <vector>

#include "quire/nn/aten.h"
#include "quire/nn/loss.h"
#include "quire/nn/model.h"
#include "quire/train/loop.h"

namespace quire::train {

using Batches = std::span<const std::vector<std::int64_t>>;

class GradientSource {
 public:
  GradientSource(nn::TextModel& model, const LoopInput& input, const LoopOptions& options);

  // Adds the gradient of the mean loss over all documents of the micro-batches to the parameters'
  // gradients: every document weighs the same, however the step is cut. Returns the sum of the
  // documents' losses on unperturbed inputs.
  double accumulate(Batches batches, const nn::DropoutState& dropout);

 private:
  double one_pass(Batches batches, const nn::DropoutState& dropout, double documents);
  void adversarial_passes(Batches batches, const nn::DropoutState& dropout, double documents);
  [[nodiscard]] at::Tensor document_losses(const std::vector<std::int64_t>& rows,
                                           const nn::DropoutState& dropout) const;
  [[nodiscard]] at::Tensor word_embeddings() const;

  nn::TextModel& model_;
  const LoopInput& input_;
  const LoopOptions& options_;
  nn::LossOptions loss_;
};

}  // namespace quire::train
