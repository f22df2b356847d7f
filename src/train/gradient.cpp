#include "train/gradient.h"

#include <fmt/format.h>

#include "quire/base/error.h"
#include "quire/base/profile.h"
#include "quire/nn/batch.h"
#include "quire/nn/look_up.h"

namespace quire::train {
namespace {

// A direction of length `length`; nothing when there is no gradient to follow.
at::Tensor along(const at::Tensor& gradient, double length) {
  const at::Tensor values = nn::gradient_values(gradient);
  const double norm = values.norm().item<double>();
  return norm > 0 ? values * (length / norm) : at::Tensor();
}

// The rows of a table that a gradient reaches, moved for as long as it lives and then put back to the bit.
class MovedRows {
 public:
  MovedRows(const at::Tensor& table, const at::Tensor& gradient)
      : table_(table), rows_(gradient.is_sparse() ? gradient.coalesce().indices()[0] : at::Tensor()) {
    original_ = rows_.defined() ? table_.index_select(0, rows_) : table_.clone();
  }
  ~MovedRows() { set(original_); }
  MovedRows(const MovedRows&) = delete;
  MovedRows& operator=(const MovedRows&) = delete;

  // `offset` has as many rows as the gradient.
  void move_by(const at::Tensor& offset) { set(original_ + offset); }

 private:
  void set(const at::Tensor& values) {
    rows_.defined() ? table_.index_copy_(0, rows_, values) : table_.copy_(values);
  }

  at::Tensor table_, rows_, original_;  // rows_ undefined: all
};

// Gradients are set aside and put back.
std::vector<at::Tensor> take_gradients(std::vector<nn::Parameter>& parameters) {
  std::vector<at::Tensor> gradients;
  for (nn::Parameter& parameter : parameters) {
    gradients.push_back(parameter.value.grad());
    parameter.value.mutable_grad() = at::Tensor();
  }
  return gradients;
}

void put_gradients(std::vector<nn::Parameter>& parameters, const std::vector<at::Tensor>& gradients) {
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].value.mutable_grad() = gradients[i];
}

}  // namespace

Adversarial parse_adversarial(std::string_view name) {
  if (name == "none") return Adversarial::none;
  if (name == "fgm") return Adversarial::fgm;
  if (name == "pgd") return Adversarial::pgd;
  throw InputError(fmt::format("no adversarial training is called '{}'", name), "known: none, fgm, pgd");
}

GradientSource::GradientSource(nn::TextModel& model, const LoopInput& input, const LoopOptions& options)
    : model_(model), input_(input), options_(options) {
  loss_.label_smoothing = options.label_smoothing;
  loss_.focal_gamma = options.focal_gamma;
  if (!options.class_weights.empty())
    loss_.class_weights = at::tensor(options.class_weights).to(model.device());
}

at::Tensor GradientSource::word_embeddings() const { return model_.parameters().front().value; }

double GradientSource::accumulate(Batches batches, const nn::DropoutState& dropout) {
  double documents = 0;
  for (const auto& rows : batches) documents += static_cast<double>(rows.size());
  const double loss = one_pass(batches, dropout, documents);
  if (options_.adversarial != Adversarial::none && word_embeddings().grad().defined())
    adversarial_passes(batches, dropout, documents);
  return loss;
}

double GradientSource::one_pass(Batches batches, const nn::DropoutState& dropout, double documents) {
  double sum = 0;
  for (const auto& rows : batches) {
    const at::Tensor losses = document_losses(rows, dropout).sum();
    const Span span("backward pass, other");
    (losses / documents).backward();
    sum += losses.item<double>();
  }
  return sum;
}

// The losses of the perturbed inputs are added to those of the clean ones. The perturbation is one for
// the whole step, so that it too does not depend on how the step is cut into micro-batches.
void GradientSource::adversarial_passes(Batches batches, const nn::DropoutState& dropout, double documents) {
  const at::NoGradGuard no_grad;
  at::Tensor direction = word_embeddings().grad();
  MovedRows embeddings(word_embeddings(), direction);
  const auto pass = [&] {
    const at::AutoGradMode grad(true);
    one_pass(batches, dropout, documents);
  };
  if (options_.adversarial == Adversarial::fgm) {
    if (const at::Tensor step = along(direction, options_.adversarial_epsilon); step.defined()) {
      embeddings.move_by(step);
      pass();
    }
  } else {
    // Madry's rule of thumb: steps that add up to 2.5 times the radius.
    const double size = 2.5 * options_.adversarial_epsilon / static_cast<double>(options_.adversarial_steps);
    const std::vector<at::Tensor> clean = take_gradients(model_.parameters());
    at::Tensor offset;
    for (std::int64_t i = 1; i <= options_.adversarial_steps; ++i) {
      const at::Tensor step = along(direction, size);
      if (!step.defined()) break;
      offset = offset.defined() ? offset + step : step;
      const double norm = offset.norm().item<double>();
      if (norm > options_.adversarial_epsilon) offset = offset * (options_.adversarial_epsilon / norm);
      embeddings.move_by(offset);
      if (i < options_.adversarial_steps) {
        pass();
        direction = take_gradients(model_.parameters()).front();
      }
    }
    put_gradients(model_.parameters(), clean);
    pass();
  }
}

at::Tensor GradientSource::document_losses(const std::vector<std::int64_t>& rows,
                                           const nn::DropoutState& dropout) const {
  const Span span("forward pass, other");
  std::vector<nn::TokenizedDocument> documents;
  const auto count = static_cast<std::int64_t>(rows.size());
  at::Tensor labels = at::empty({count}, at::kLong);
  auto* label = labels.mutable_data_ptr<std::int64_t>();
  for (const std::int64_t row : rows) {
    documents.push_back({input_.corpus->ids(row), input_.corpus->segments(row),
                         static_cast<std::uint32_t>(row), input_.corpus->windows(row)});
    *label++ = input_.labels[static_cast<std::size_t>(row)];
  }
  labels = labels.to(model_.device());
  const nn::PackedBatch batch = nn::pack(documents, model_.device());
  // With several dropout samples a document's loss is the mean over them.
  const auto loss = [&](const at::Tensor& logits) {
    const std::int64_t samples = logits.size(0) / count;
    return classification_loss(logits, labels.repeat({samples}), loss_).view({samples, count}).mean(0);
  };
  const at::Tensor logits = model_.logits(batch, dropout);
  if (options_.r_drop == 0) return loss(logits);
  nn::DropoutState again = dropout;
  again.pass = 1;
  const at::Tensor other = model_.logits(batch, again);
  const at::Tensor divergence = nn::symmetric_divergence(logits, other);
  return 0.5 * (loss(logits) + loss(other)) + options_.r_drop * divergence.view({-1, count}).mean(0);
}

}  // namespace quire::train
