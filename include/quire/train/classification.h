// Classification: documents with labels, cross-entropy and its relatives, accuracy and macro-F1.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quire/text/token_corpus.h"
#include "quire/train/objective.h"

namespace quire::train {

enum class Adversarial {
  none,
  fgm,  // one step along the gradient (Miyato et al. 2017)
  pgd,  // several, projected back into the ball (Madry et al. 2018)
};

// "none", "fgm", "pgd". InputError otherwise.
[[nodiscard]] Adversarial parse_adversarial(std::string_view name);

struct AdversarialOptions {
  Adversarial kind = Adversarial::none;
  double epsilon = 1;  // norm of the perturbation of the word embeddings
  std::int64_t steps = 3;
};

struct ClassificationOptions {
  std::int64_t batch_size = 16;  // documents in a micro-batch
  double label_smoothing = 0;
  double focal_gamma = 0;
  std::vector<float> class_weights;  // by class; empty: all 1. They average 1 over the documents
  double r_drop = 0;                 // weight of the divergence between two passes
  AdversarialOptions adversarial;
  bool probe_head = false;  // start the last layer from a logistic regression on frozen features
};

struct ClassificationRows {
  const TokenCorpus* corpus = nullptr;
  std::span<const int> labels;          // of every row of the corpus; -1: unknown
  std::span<const std::int64_t> train;  // rows
  std::span<const std::int64_t> valid;  // rows; may be empty
};

class Classification : public Objective {
 public:
  // The model and what `rows` points to must outlive it.
  Classification(nn::TextModel& model, const ClassificationRows& rows, ClassificationOptions options);

  [[nodiscard]] std::vector<Network> networks() override { return {{.name = "", .network = &model_}}; }
  [[nodiscard]] std::string recipe() const override;
  [[nodiscard]] EpochSize epoch_size() const override;
  [[nodiscard]] std::vector<Batch> draw_batches(const Draw& draw) const override;
  [[nodiscard]] StepSize step_size(Batches step) const override;
  void prepare(std::uint32_t fold, const Context& context) override;
  // Every document weighs the same.
  StepLoss accumulate(Batches step, const nn::DropoutState& dropout) override;
  [[nodiscard]] double guessing_loss() const override;
  [[nodiscard]] std::int64_t scored_rows() const override;
  // Loss, accuracy, by which it ranks, and macro-F1 on the validation rows.
  [[nodiscard]] Score score(const Context& context, std::string_view stage) override;

  // Whether the model gives every one of these rows its label.
  [[nodiscard]] bool learned(const Batch& rows, const Context& context) const;

 private:
  [[nodiscard]] at::Tensor document_losses(const Batch& rows, const nn::DropoutState& dropout) const;
  [[nodiscard]] at::Tensor targets(const Batch& rows) const;

  nn::TextModel& model_;
  ClassificationRows rows_;
  ClassificationOptions options_;
  at::Tensor class_weights_;  // on the model's device; undefined: all 1
};

}  // namespace quire::train
