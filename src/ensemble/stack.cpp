// Stacking: multinomial logistic regression on the members' log-probabilities.
//
// The full regression has classes^2 x members weights, 21,000 for 39 classes and 14 members, most of which
// say how one class's probability bears on another: too many for the rows there are, and slow. Here a class's
// score is a bias plus the sum of its own log-probabilities, each times a scale of the member (shared by all
// classes) and a correction for the class. The penalty draws scales to 1 / members, and corrections and
// biases to 0: at its strongest the stack is the geometric mean.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "ensemble/lesson.h"
#include "ensemble/vector_math.h"
#include "quire/base/threads.h"
#include "quire/linear/lbfgs.h"

namespace quire::ensemble {
namespace {

// The penalty is half of this times the sum of squares, of a sum of losses over the rows.
constexpr std::array<double, 3> kPenalties = {1000, 100, 10};
// The penalty is chosen on about so many rows: it belongs to the members more than to the number of rows.
constexpr std::size_t kChoiceRows = 5000;
// Of the gradient of the mean loss. Choosing among penalties a factor of ten apart needs less.
constexpr double kTolerance = 3e-5;
constexpr double kChoiceTolerance = 2e-4;
constexpr std::int64_t kBlock = 128;  // rows whose gradient is summed in single precision

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// Parameters lie in a row: scales [members], corrections [members, classes], biases [classes].
class StackLoss {
 public:
  StackLoss(const Lesson& lesson, std::vector<std::int64_t> rows, double penalty)
      : lesson_(lesson),
        rows_(std::move(rows)),
        members_(lesson.tuned.members),
        classes_(lesson.tuned.classes),
        penalty_(penalty / static_cast<double>(std::max<std::size_t>(rows_.size(), 1))) {
    set_centres();
  }

  [[nodiscard]] std::int64_t parameters() const { return members_ + (members_ + 1) * classes_; }

  [[nodiscard]] std::vector<double> start() const {
    std::vector<double> x(at(parameters()));
    std::fill_n(x.begin(), members_, 1 / static_cast<double>(members_));
    return x;
  }

  // Mean loss plus penalty, and its gradient.
  double operator()(std::span<const double> x, std::span<double> gradient) const {
    const std::int64_t table = (members_ + 1) * classes_;
    const std::vector<float> weights = weights_of(x);
    const auto count = static_cast<std::int64_t>(rows_.size());
    const std::int64_t blocks = (count + kBlock - 1) / kBlock;
    std::vector<float> sums(at(blocks * table));
    std::vector<double> losses(at(blocks));
    parallel_for(blocks, 4, lesson_.context.threads, [&](std::int64_t begin, std::int64_t end) {
      std::vector<float> residual(at(classes_));
      for (std::int64_t block = begin; block < end; ++block) {
        for (std::int64_t i = block * kBlock; i < std::min((block + 1) * kBlock, count); ++i) {
          losses[at(block)] += add_row(rows_[at(i)], weights, residual, sums.data() + block * table);
        }
      }
    });
    return total(x, losses, sums, gradient);
  }

  // Mean loss of other rows.
  [[nodiscard]] double loss_of(std::span<const double> x, std::span<const std::int64_t> rows) const {
    const std::vector<float> weights = weights_of(x);
    std::vector<float> residual(at(classes_));
    double sum = 0;
    for (const std::int64_t row : rows) sum += add_row(row, weights, residual, nullptr);
    return sum;
  }

  void store(std::span<const double> x, Combination& combination) const {
    combination.rule = Rule::stack;
    combination.scales.resize(at(members_ * classes_));
    combination.bias = plain_bias(x);
    for (std::int64_t m = 0; m < members_; ++m) {
      double sum = 0;
      for (std::int64_t k = 0; k < classes_; ++k) {
        const double scale = x[at(m)] + x[at(members_ + m * classes_ + k)];
        combination.scales[at(m * classes_ + k)] = scale;
        sum += scale;
      }
      combination.weights[at(m)] = sum / static_cast<double>(classes_);
    }
  }

 private:
  // Log-probabilities are far below 0, so a correction would move its class's score on every row as a bias
  // does, and the two would be hard to tell apart. Less their mean they are not.
  void set_centres() {
    centres_.assign(at(members_), 0);
    for (const std::int64_t row : rows_) {
      const float* z = lesson_.tuned.logs_of(row);
      for (std::int64_t m = 0; m < members_; ++m, z += classes_) {
        centres_[at(m)] += static_cast<double>(std::accumulate(z, z + classes_, 0.0F));
      }
    }
    for (double& centre : centres_) {
      centre /= static_cast<double>(classes_) * static_cast<double>(std::max<std::size_t>(rows_.size(), 1));
    }
  }

  // [members + 1, classes]: scale plus correction, then the biases of scores of log-probabilities as they
  // are.
  [[nodiscard]] std::vector<float> weights_of(std::span<const double> x) const {
    std::vector<float> weights(at((members_ + 1) * classes_));
    for (std::int64_t m = 0; m <= members_; ++m) {
      for (std::int64_t k = 0; k < classes_; ++k) {
        const double shared = m < members_ ? x[at(m)] : 0;
        weights[at(m * classes_ + k)] = static_cast<float>(shared + x[at(members_ + m * classes_ + k)]);
      }
    }
    const auto bias = plain_bias(x);
    std::ranges::copy(bias, weights.end() - classes_);
    return weights;
  }

  // The bias without centres.
  [[nodiscard]] std::vector<double> plain_bias(std::span<const double> x) const {
    std::vector<double> bias(x.end() - classes_, x.end());
    for (std::int64_t m = 0; m < members_; ++m) {
      for (std::int64_t k = 0; k < classes_; ++k) {
        bias[at(k)] -= (x[at(m)] + x[at(members_ + m * classes_ + k)]) * centres_[at(m)];
      }
    }
    return bias;
  }

  // The loss of a row; its gradient by the weights is added to `sums` unless that is null.
  double add_row(std::int64_t row, const std::vector<float>& weights, std::vector<float>& residual,
                 float* sums) const {
    const float* const logs = lesson_.tuned.logs_of(row);
    float* const score = residual.data();
    std::copy_n(weights.data() + members_ * classes_, classes_, score);
    for (std::int64_t m = 0; m < members_; ++m) {
      const float* const z = logs + m * classes_;
      const float* const w = weights.data() + m * classes_;
      for (std::int64_t k = 0; k < classes_; ++k) score[k] += w[k] * z[k];
    }
    const int label = lesson_.labels[at(row)];
    const float truth = score[label];
    const float most = *std::max_element(score, score + classes_);
    for (std::int64_t k = 0; k < classes_; ++k) score[k] = fast_exp(score[k] - most);
    float sum = 0;
    for (std::int64_t k = 0; k < classes_; ++k) sum += score[k];
    const double loss = std::log(static_cast<double>(sum)) + static_cast<double>(most - truth);
    if (sums == nullptr) return loss;
    for (std::int64_t k = 0; k < classes_; ++k) score[k] /= sum;
    score[label] -= 1;
    for (std::int64_t m = 0; m < members_; ++m) {
      const float* const z = logs + m * classes_;
      float* const to = sums + m * classes_;
      for (std::int64_t k = 0; k < classes_; ++k) to[k] += score[k] * z[k];
    }
    float* const to = sums + members_ * classes_;
    for (std::int64_t k = 0; k < classes_; ++k) to[k] += score[k];
    return loss;
  }

  double total(std::span<const double> x, const std::vector<double>& losses, const std::vector<float>& sums,
               std::span<double> gradient) const {
    const std::int64_t table = (members_ + 1) * classes_;
    const double share = 1 / static_cast<double>(rows_.size());
    std::ranges::fill(gradient, 0.0);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      gradient[at(members_) + i % at(table)] += share * static_cast<double>(sums[i]);
    }
    for (std::int64_t m = 0; m < members_; ++m) {
      for (std::int64_t k = 0; k < classes_; ++k) {
        gradient[at(members_ + m * classes_ + k)] -=
            centres_[at(m)] * gradient[at(members_ + members_ * classes_ + k)];
      }
    }
    double value = 0;
    for (const double loss : losses) value += share * loss;
    for (std::int64_t m = 0; m < members_; ++m) {
      for (std::int64_t k = 0; k < classes_; ++k)
        gradient[at(m)] += gradient[at(members_ + m * classes_ + k)];
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double centre = i < at(members_) ? 1 / static_cast<double>(members_) : 0;
      value += penalty_ / 2 * (x[i] - centre) * (x[i] - centre);
      gradient[i] += penalty_ * (x[i] - centre);
    }
    return value;
  }

  const Lesson& lesson_;
  std::vector<std::int64_t> rows_;
  std::int64_t members_;
  std::int64_t classes_;
  double penalty_;               // of the mean loss
  std::vector<double> centres_;  // [members], of the log-probabilities
};

void minimise(const Lesson& lesson, const StackLoss& loss, double tolerance, std::vector<double>& x) {
  linear::LbfgsOptions options;
  options.tolerance = tolerance;
  options.max_iterations = 200;
  options.history = 20;
  options.threads = 1;  // of its own sums, which are short
  options.after_iteration = [&](std::int64_t, double, double) { lesson.context.check_stop(); };
  (void)linear::minimise_lbfgs(
      x, [&](std::span<const double> point, std::span<double> gradient) { return loss(point, gradient); },
      options);
}

// Each part's rows, thinned evenly to kChoiceRows together.
std::vector<std::vector<std::int64_t>> choice_rows(const Lesson& lesson) {
  std::vector<std::vector<std::int64_t>> rows(lesson.use.size());
  const std::size_t step = (lesson.rows.size() + kChoiceRows - 1) / kChoiceRows;
  for (std::size_t i = 0; i < lesson.rows.size(); i += step) {
    rows[static_cast<std::size_t>(lesson.parts.of_row[at(lesson.rows[i])])].push_back(lesson.rows[i]);
  }
  std::erase_if(rows, [](const auto& part) { return part.empty(); });
  return rows;
}

// The penalty of the lowest loss on parts that were left out for it; the strongest of equals.
double choose_penalty(const Lesson& lesson) {
  const auto parts = choice_rows(lesson);
  if (parts.size() < 2) return kPenalties.front();
  std::array<double, kPenalties.size()> losses{};
  for (std::size_t left_out = 0; left_out < parts.size(); ++left_out) {
    std::vector<std::int64_t> rows;
    for (std::size_t part = 0; part < parts.size(); ++part) {
      if (part != left_out) rows.insert(rows.end(), parts[part].begin(), parts[part].end());
    }
    std::vector<double> x;
    for (std::size_t i = 0; i < kPenalties.size(); ++i) {
      const StackLoss loss(lesson, rows, kPenalties[i]);
      if (x.empty()) x = loss.start();
      minimise(lesson, loss, kChoiceTolerance, x);  // from where the stronger penalty ended
      losses[i] += loss.loss_of(x, parts[left_out]);
    }
  }
  return kPenalties[static_cast<std::size_t>(std::ranges::min_element(losses) - losses.begin())];
}

}  // namespace

void fit_stack(const Lesson& lesson, Combination& combination) {
  const StackLoss loss(lesson, lesson.rows, choose_penalty(lesson));
  std::vector<double> x = loss.start();
  minimise(lesson, loss, kTolerance, x);
  loss.store(x, combination);
}

}  // namespace quire::ensemble
