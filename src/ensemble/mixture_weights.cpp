// Weights of a mixture by maximum likelihood: sequential quadratic programming with an active set, as in Kim,
// Carbonetto, Stephens and Anitescu, "A fast algorithm for maximum likelihood estimation of mixture
// proportions using sequential quadratic programming" (2020). EM takes thousands of steps where this takes
// ten.
#include <algorithm>
#include <cmath>

#include "ensemble/lesson.h"
#include "quire/ensemble/metrics.h"

namespace quire::ensemble {
namespace {

constexpr int kMaxSteps = 100;
constexpr double kTolerance = 1e-9;  // of the gradient, where it should be 0 or more

// -mean of log(sum w p) + sum of w. Over w >= 0 its minimum sums to 1: scaling w by s changes it by
// s - log(s).
class MixtureLoss {
 public:
  MixtureLoss(std::span<const float> chances, std::int64_t members)
      : members_(static_cast<std::size_t>(members)),
        rows_(chances.size() / members_),
        chances_(chances.begin(), chances.end()) {
    // A factor for each row changes nothing but rounding.
    for (std::size_t i = 0; i < rows_; ++i) {
      const auto row = std::span(chances_).subspan(i * members_, members_);
      const double most = std::max(*std::ranges::max_element(row), kLeastProbability);
      for (double& value : row) value = std::max(value, kLeastProbability) / most;
    }
  }

  [[nodiscard]] double value(std::span<const double> w) const {
    double sum = 0;
    for (std::size_t i = 0; i < rows_; ++i) sum -= std::log(mix(i, w));
    double total = sum / static_cast<double>(rows_);
    for (const double weight : w) total += weight;
    return total;
  }

  // gradient [members] and Hessian [members, members]
  void derive(std::span<const double> w, std::span<double> gradient, std::span<double> hessian) const {
    std::ranges::fill(gradient, 1.0);
    std::ranges::fill(hessian, 0.0);
    const double share = 1 / static_cast<double>(rows_);
    for (std::size_t i = 0; i < rows_; ++i) {
      const double inverse = 1 / mix(i, w);
      const double* const row = chances_.data() + i * members_;
      for (std::size_t a = 0; a < members_; ++a) {
        const double scaled = row[a] * inverse;
        gradient[a] -= share * scaled;
        const double factor = share * scaled * inverse;
        for (std::size_t b = 0; b <= a; ++b) hessian[a * members_ + b] += factor * row[b];
      }
    }
    for (std::size_t a = 0; a < members_; ++a) {
      // Members that say the same make it singular.
      hessian[a * members_ + a] += 1e-10;
      for (std::size_t b = 0; b < a; ++b) hessian[b * members_ + a] = hessian[a * members_ + b];
    }
  }

 private:
  [[nodiscard]] double mix(std::size_t i, std::span<const double> w) const {
    double sum = 0;
    for (std::size_t m = 0; m < members_; ++m) sum += chances_[i * members_ + m] * w[m];
    return sum;
  }

  std::size_t members_;
  std::size_t rows_;
  std::vector<double> chances_;
};

// The w >= 0 that minimises the quadratic model around `from`, one weight after another until none moves.
std::vector<double> quadratic_minimum(std::span<const double> from, std::span<const double> gradient,
                                      std::span<const double> hessian) {
  const std::size_t members = from.size();
  std::vector<double> w(from.begin(), from.end());
  std::vector<double> slope(gradient.begin(), gradient.end());
  for (int sweep = 0; sweep < 10000; ++sweep) {
    double largest = 0;
    for (std::size_t a = 0; a < members; ++a) {
      const double* const row = hessian.data() + a * members;
      const double moved = std::max(0.0, w[a] - slope[a] / row[a]) - w[a];
      if (moved == 0) continue;
      w[a] += moved;
      for (std::size_t b = 0; b < members; ++b) slope[b] += row[b] * moved;
      largest = std::max(largest, std::abs(moved));
    }
    if (largest < 1e-13) break;
  }
  return w;
}

// How far from a minimum: the gradient is 0 where w > 0, and not negative where w = 0.
double violation(std::span<const double> w, std::span<const double> gradient) {
  double most = 0;
  for (std::size_t m = 0; m < w.size(); ++m) {
    most = std::max(most, w[m] > 0 ? std::abs(gradient[m]) : -gradient[m]);
  }
  return most;
}

// From w towards `target`, as far as the loss falls enough; false if it does not fall.
bool step_towards(const MixtureLoss& loss, std::span<const double> target, std::span<const double> gradient,
                  std::vector<double>& w) {
  const double before = loss.value(w);
  double slope = 0;
  for (std::size_t m = 0; m < w.size(); ++m) slope += gradient[m] * (target[m] - w[m]);
  std::vector<double> next(w.size());
  for (double share = 1; share > 1e-10; share /= 2) {
    for (std::size_t m = 0; m < w.size(); ++m) {
      next[m] = share == 1 ? target[m] : w[m] + share * (target[m] - w[m]);
    }
    if (loss.value(next) < before + 1e-4 * share * slope) {
      w = next;
      return true;
    }
  }
  return false;
}

}  // namespace

std::vector<double> mixture_weights(std::span<const float> chances, std::int64_t members) {
  const auto count = static_cast<std::size_t>(members);
  std::vector<double> w(count, 1 / static_cast<double>(members));
  if (chances.empty() || members == 1) return w;
  const MixtureLoss loss(chances, members);
  std::vector<double> gradient(count);
  std::vector<double> hessian(count * count);
  for (int step = 0; step < kMaxSteps; ++step) {
    loss.derive(w, gradient, hessian);
    if (violation(w, gradient) < kTolerance) break;
    if (!step_towards(loss, quadratic_minimum(w, gradient, hessian), gradient, w)) break;
  }
  double sum = 0;
  for (double& weight : w) {
    if (weight < 1e-9) weight = 0;
    sum += weight;
  }
  for (double& weight : w) weight /= sum;
  return w;
}

}  // namespace quire::ensemble
