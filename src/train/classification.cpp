#include "quire/train/classification.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "quire/base/profile.h"
#include "quire/ensemble/metrics.h"
#include "quire/nn/aten.h"
#include "quire/nn/loss.h"
#include "quire/train/predict.h"
#include "quire/train/schedule.h"
#include "train/adversarial.h"
#include "train/gradient.h"
#include "train/pack_rows.h"
#include "train/probe.h"
#include "train/watch.h"

namespace quire::train {
namespace {

std::vector<int> labels_of(std::span<const int> labels, std::span<const std::int64_t> rows) {
  std::vector<int> taken;
  taken.reserve(rows.size());
  for (const std::int64_t row : rows) taken.push_back(labels[static_cast<std::size_t>(row)]);
  return taken;
}

// Mean over the rows of -log p(label).
double mean_log_loss(const Matrix& probabilities, std::span<const int> truth) {
  double loss = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const float p = probabilities.row(static_cast<std::int64_t>(i))[static_cast<std::size_t>(truth[i])];
    loss -= std::log(std::max(static_cast<double>(p), 1e-30));
  }
  return loss / static_cast<double>(truth.size());
}

}  // namespace

Classification::Classification(nn::TextModel& model, const ClassificationRows& rows,
                               ClassificationOptions options)
    : model_(model), rows_(rows), options_(std::move(options)) {
  if (!options_.class_weights.empty()) class_weights_ = at::tensor(options_.class_weights).to(model.device());
}

std::string Classification::recipe() const {
  const ClassificationOptions& o = options_;
  const AdversarialOptions& a = o.adversarial;
  return fmt::format(
      "train {} valid {} tokens {} windows {} batch {} loss {} {} {} r-drop {} adversarial {} {} {} probe {} "
      "model {}",
      rows_.train.size(), rows_.valid.size(), rows_.corpus->tokens(), rows_.corpus->windows(), o.batch_size,
      o.label_smoothing, o.focal_gamma, fmt::join(o.class_weights, " "), o.r_drop, static_cast<int>(a.kind),
      a.epsilon, a.steps, o.probe_head, model_.recipe());
}

EpochSize Classification::epoch_size() const {
  const auto rows = static_cast<std::int64_t>(rows_.train.size());
  return {.batches = (rows + options_.batch_size - 1) / options_.batch_size, .rows = rows};
}

std::vector<Batch> Classification::draw_batches(const Draw& draw) const {
  return train::draw_batches(rows_.train, rows_.corpus->lengths(), options_.batch_size, draw.seed, draw.fold,
                             draw.epoch);
}

StepSize Classification::step_size(Batches step) const {
  StepSize size;
  std::vector<std::int64_t> words;  // of all tokens
  for (const Batch& rows : step) {
    size.rows += static_cast<std::int64_t>(rows.size());
    for (const std::int64_t row : rows) {
      const std::span<const std::int32_t> ids = rows_.corpus->ids(row);
      words.insert(words.end(), ids.begin(), ids.end());
    }
  }
  size.tokens = static_cast<std::int64_t>(words.size());
  size.table_rows = std::move(words);
  return size;
}

void Classification::prepare(std::uint32_t fold, const Context& context) {
  if (options_.probe_head) probe_head(model_, rows_, fold, context);
}

StepLoss Classification::accumulate(Batches step, const nn::DropoutState& dropout) {
  double documents = 0;
  for (const Batch& rows : step) documents += static_cast<double>(rows.size());
  const auto pass = [&] {
    return add_gradients(step, documents,
                         [&](const Batch& rows) { return document_losses(rows, dropout).sum(); });
  };
  const double sum = pass();
  if (options_.adversarial.kind != Adversarial::none)
    add_adversarial_gradients(model_.parameters(), options_.adversarial, pass);
  return {.sum = sum, .weight = documents};
}

// One target a document: here a probability for each class would come in its place.
at::Tensor Classification::targets(const Batch& rows) const {
  at::Tensor labels = at::empty({static_cast<std::int64_t>(rows.size())}, at::kLong);
  std::ranges::copy(labels_of(rows_.labels, rows), labels.mutable_data_ptr<std::int64_t>());
  return labels.to(model_.device());
}

at::Tensor Classification::document_losses(const Batch& rows, const nn::DropoutState& dropout) const {
  const Span span("forward pass, other");
  const auto count = static_cast<std::int64_t>(rows.size());
  const at::Tensor labels = targets(rows);
  const nn::PackedBatch batch = pack_rows(*rows_.corpus, rows, model_.device());
  const nn::LossOptions options{.label_smoothing = options_.label_smoothing,
                                .focal_gamma = options_.focal_gamma,
                                .class_weights = class_weights_};
  // With several dropout samples a document's loss is the mean over them.
  const auto loss = [&](const at::Tensor& logits) {
    const std::int64_t samples = logits.size(0) / count;
    return classification_loss(logits, labels.repeat({samples}), options).view({samples, count}).mean(0);
  };
  const at::Tensor logits = model_.logits(batch, dropout);
  if (options_.r_drop == 0) return loss(logits);
  nn::DropoutState again = dropout;
  again.pass = 1;
  const at::Tensor other = model_.logits(batch, again);
  const at::Tensor divergence = nn::symmetric_divergence(logits, other);
  return 0.5 * (loss(logits) + loss(other)) + options_.r_drop * divergence.view({-1, count}).mean(0);
}

double Classification::guessing_loss() const {
  return std::log(static_cast<double>(std::max<std::int64_t>(2, model_.classes())));
}

std::int64_t Classification::scored_rows() const { return static_cast<std::int64_t>(rows_.valid.size()); }

Score Classification::score(const Context& context, std::string_view stage) {
  const Matrix probabilities =
      predict(model_, *rows_.corpus, rows_.valid, context, fmt::format("{} scoring", stage));
  const std::vector<int> truth = labels_of(rows_.labels, rows_.valid);
  const std::vector<int> predicted = most_probable(probabilities);
  const double loss = mean_log_loss(probabilities, truth);
  const Metrics metrics = measure(truth, predicted, static_cast<int>(model_.classes()));
  warn_of_collapse(truth, predicted, stage, context);
  return {.values = {{"loss", loss}, {"accuracy", metrics.accuracy}, {"macro_f1", metrics.macro_f1}},
          .rank = metrics.accuracy,
          .text = fmt::format("loss {:.4f}, accuracy {:.4f}, macro-F1 {:.4f}", loss, metrics.accuracy,
                              metrics.macro_f1)};
}

bool Classification::learned(const Batch& rows, const Context& context) const {
  return most_probable(predict(model_, *rows_.corpus, rows, context)) == labels_of(rows_.labels, rows);
}

}  // namespace quire::train
