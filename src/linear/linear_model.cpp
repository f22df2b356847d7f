#include "quire/linear/linear_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "linear/loops.h"
#include "quire/base/error.h"
#include "quire/base/threads.h"

namespace quire {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// add_row(row, sums) adds weights * x of one row.
template <typename AddRow>
Matrix scores_of(std::int64_t rows, std::int64_t classes, std::span<const float> bias, const Context& context,
                 const AddRow& add_row) {
  Matrix scores(rows, classes);
  parallel_for(rows, 64, context.threads, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> sums(bias.size());
    for (std::int64_t row = begin; row < end; ++row) {
      std::ranges::copy(bias, sums.begin());
      add_row(row, sums.data());
      std::transform(sums.begin(), sums.begin() + classes, scores.row(row).begin(),
                     [](double sum) { return static_cast<float>(sum); });
    }
  });
  return scores;
}

void check_features(std::int64_t found, std::int64_t expected) {
  if (found == expected) return;
  throw Error(fmt::format("a linear model of {} features was given rows of {}", expected, found));
}

double cross_entropy(const Matrix& scores, std::span<const int> labels, double temperature) {
  double loss = 0;
  for (std::int64_t row = 0; row < scores.rows; ++row) {
    const auto values = scores.row(row);
    const double most = *std::ranges::max_element(values);
    double sum = 0;
    for (const float value : values) sum += std::exp((value - most) / temperature);
    loss += std::log(sum) - (values[at(labels[at(row)])] - most) / temperature;
  }
  return loss;
}

}  // namespace

LinearModel::LinearModel(const Matrix& weights, std::span<const float> bias)
    : classes_(weights.rows), features_(weights.cols), width_((weights.rows + 3) / 4 * 4) {
  table_.assign(at((features_ + 1) * width_), 0);
  for (std::int64_t k = 0; k < classes_; ++k) {
    const auto row = weights.row(k);
    for (std::int64_t j = 0; j < features_; ++j) table_[at(j * width_ + k)] = row[at(j)];
    table_[at(features_ * width_ + k)] = bias[at(k)];
  }
}

Matrix LinearModel::scores(const SparseMatrix& features, const Context& context) const {
  check_features(features.cols, features_);
  return scores_of(features.rows, classes_, std::span(table_).last(at(width_)), context,
                   [&](std::int64_t row, double* sums) {
                     const auto columns = features.row_columns(row);
                     linear::loops().add_sparse_float(columns.data(), features.row_values(row).data(),
                                                      static_cast<std::int64_t>(columns.size()),
                                                      table_.data(), width_, sums);
                   });
}

Matrix LinearModel::scores(const Matrix& features, const Context& context) const {
  check_features(features.cols, features_);
  return scores_of(features.rows, classes_, std::span(table_).last(at(width_)), context,
                   [&](std::int64_t row, double* sums) {
                     linear::loops().add_dense_float(features.row(row).data(), features_, table_.data(),
                                                     width_, sums);
                   });
}

Matrix LinearModel::weights() const {
  Matrix weights(classes_, features_);
  for (std::int64_t k = 0; k < classes_; ++k) {
    for (std::int64_t j = 0; j < features_; ++j) weights.row(k)[at(j)] = table_[at(j * width_ + k)];
  }
  return weights;
}

std::vector<float> LinearModel::bias() const {
  const auto begin = table_.begin() + features_ * width_;
  return {begin, begin + classes_};
}

void softmax_rows(Matrix& scores, double temperature, const Context& context) {
  parallel_for(scores.rows, 256, context.threads, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> powers(at(scores.cols));
    for (std::int64_t row = begin; row < end; ++row) {
      const auto values = scores.row(row);
      const double most = *std::ranges::max_element(values);
      double sum = 0;
      for (std::size_t k = 0; k < values.size(); ++k) {
        sum += powers[k] = std::exp((values[k] - most) / temperature);
      }
      for (std::size_t k = 0; k < values.size(); ++k) values[k] = static_cast<float>(powers[k] / sum);
    }
  });
}

// The loss is convex in 1 / temperature, so that it has one valley in its logarithm.
double fit_temperature(const Matrix& scores, std::span<const int> labels) {
  const double golden = (std::sqrt(5.0) - 1) / 2;
  const auto loss = [&](double exponent) { return cross_entropy(scores, labels, std::exp(exponent)); };
  double low = -std::log(1000.0);
  double high = std::log(1000.0);
  double left = high - golden * (high - low);
  double right = low + golden * (high - low);
  double left_loss = loss(left);
  double right_loss = loss(right);
  while (high - low > 1e-4) {
    if (left_loss <= right_loss) {
      high = right;
      right = left;
      right_loss = left_loss;
      left = high - golden * (high - low);
      left_loss = loss(left);
    } else {
      low = left;
      left = right;
      left_loss = right_loss;
      right = low + golden * (high - low);
      right_loss = loss(right);
    }
  }
  return std::exp((low + high) / 2);
}

}  // namespace quire
