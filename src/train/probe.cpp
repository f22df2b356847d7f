#include "train/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "quire/base/random.h"
#include "quire/ensemble/metrics.h"
#include "quire/linear/linear_model.h"
#include "quire/linear/logistic.h"
#include "quire/nn/aten.h"
#include "quire/train/predict.h"

namespace quire::train {
namespace {

constexpr std::array kPenalties = {0.1, 0.3,  1.0,
                                   3.0, 10.0, 30.0};  // C, on vectors of unit length on average
constexpr std::size_t kFewestToChoose = 100;          // rows below which C stays 1
constexpr double kDefaultC = 1;

// Vectors scaled to a mean square length of 1, so that one grid of C fits every encoder.
double unit_scale(const Matrix& vectors) {
  double sum = 0;
  for (const float x : vectors.values) sum += static_cast<double>(x) * static_cast<double>(x);
  const double mean = sum / static_cast<double>(vectors.rows);
  return mean > 0 ? 1 / std::sqrt(mean) : 1;
}

Matrix take_rows(const Matrix& matrix, std::span<const std::int64_t> rows) {
  Matrix taken(static_cast<std::int64_t>(rows.size()), matrix.cols);
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::ranges::copy(matrix.row(rows[i]), taken.row(static_cast<std::int64_t>(i)).begin());
  return taken;
}

// Mean over the rows of -log p(label).
double log_loss(const LogisticFit& fit, const Matrix& vectors, std::span<const int> labels,
                const Context& context) {
  const Matrix scores = LinearModel(fit.weights, fit.bias).scores(vectors, context);
  double sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = scores.row(static_cast<std::int64_t>(i));
    const double largest = *std::ranges::max_element(row);
    double total = 0;
    for (const float score : row) total += std::exp(static_cast<double>(score) - largest);
    sum += largest + std::log(total) - static_cast<double>(row[static_cast<std::size_t>(labels[i])]);
  }
  return sum / static_cast<double>(labels.size());
}

double accuracy(const LogisticFit& fit, const Matrix& vectors, std::span<const int> labels,
                const Context& context) {
  const std::vector<int> best = most_probable(LinearModel(fit.weights, fit.bias).scores(vectors, context));
  std::int64_t right = 0;
  for (std::size_t i = 0; i < best.size(); ++i) right += best[i] == labels[i] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(best.size());
}

// By the loss on a tenth of the rows, the strongest penalty of equals. Not by the accuracy: that takes a
// head as sure of itself as can be, whose loss on the training rows is next to nothing, and then no
// gradient is left for the encoder to learn from.
double choose_c(const Matrix& vectors, std::span<const int> labels, int classes, std::uint32_t fold,
                const Context& context) {
  if (labels.size() < kFewestToChoose) return kDefaultC;
  std::vector<std::int64_t> order(labels.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  Random(context.seed, Purpose::split, fold, 1).shuffle(std::span(order));
  const auto tenth = static_cast<std::ptrdiff_t>(order.size() / 10);
  const std::span<const std::int64_t> held = std::span(order).first(static_cast<std::size_t>(tenth));
  const std::span<const std::int64_t> kept = std::span(order).subspan(static_cast<std::size_t>(tenth));
  const auto labels_of = [&](std::span<const std::int64_t> rows) {
    std::vector<int> taken;
    for (const std::int64_t row : rows) taken.push_back(labels[static_cast<std::size_t>(row)]);
    return taken;
  };
  const Matrix train = take_rows(vectors, kept);
  const Matrix valid = take_rows(vectors, held);
  double best_c = kDefaultC;
  double best = std::numeric_limits<double>::infinity();
  LogisticFit fit;
  for (const double c : kPenalties) {
    const LogisticFit start = std::move(fit);
    fit = fit_logistic(train, labels_of(kept), classes,
                       {.c = c, .start = start.bias.empty() ? nullptr : &start, .stage = {}}, context);
    const double found = log_loss(fit, valid, labels_of(held), context);
    if (found < best) {
      best = found;
      best_c = c;
    }
  }
  return best_c;
}

}  // namespace

void probe_head(nn::TextModel& model, const ClassificationRows& rows, std::uint32_t fold,
                const Context& context) {
  Matrix vectors = head_inputs(model, *rows.corpus, rows.train, context, "probing the frozen encoder");
  const double scale = unit_scale(vectors);
  for (float& x : vectors.values) x = static_cast<float>(x * scale);
  std::vector<int> labels;
  for (const std::int64_t row : rows.train) labels.push_back(rows.labels[static_cast<std::size_t>(row)]);
  const auto classes = static_cast<int>(model.classes());
  const double c = choose_c(vectors, labels, classes, fold, context);
  const LogisticFit fit = fit_logistic(vectors, labels, classes, {.c = c, .stage = {}}, context);
  at::Tensor weight = at::empty({fit.weights.rows, fit.weights.cols}, at::kFloat);
  std::ranges::copy(fit.weights.values, weight.mutable_data_ptr<float>());
  model.set_output_layer(weight * scale, at::tensor(fit.bias));
  context.info(
      fmt::format("head starts from a logistic regression on frozen features (C = {:g}): accuracy {:.4f} "
                  "on the training rows",
                  c, accuracy(fit, vectors, labels, context)));
}

}  // namespace quire::train
