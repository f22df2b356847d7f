#include "quire/linear/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "linear/vector_ops.h"

namespace quire::linear {
namespace {

constexpr double kDecrease = 1e-4;  // c1 of the Wolfe conditions
constexpr double kCurvature = 0.9;  // c2
constexpr int kMaxTrials = 30;
// Near the minimum, values differ by rounding alone; there slopes decide (Hager and Zhang 2005).
constexpr double kRounding = 1e-12;

// A point on the line: how far, the value, and the slope along the direction.
struct Trial {
  double step = 0;
  double value = 0;
  double slope = 0;
};

// The minimum of the cubic through two trials, kept well inside the interval.
double interpolate(const Trial& a, const Trial& b) {
  const double low = std::min(a.step, b.step);
  const double high = std::max(a.step, b.step);
  const double margin = 0.1 * (high - low);
  const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step);
  const double square = d1 * d1 - a.slope * b.slope;
  if (square >= 0) {
    const double d2 = std::copysign(std::sqrt(square), b.step - a.step);
    const double step = b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
    if (std::isfinite(step)) return std::clamp(step, low + margin, high - margin);
  }
  return (low + high) / 2;
}

class Minimiser {
 public:
  Minimiser(std::span<double> x, const Objective& objective, const LbfgsOptions& options)
      : x_(x),
        objective_(objective),
        options_(options),
        gradient_(x.size()),
        start_(x.size()),
        start_gradient_(x.size()),
        direction_(x.size()) {}

  LbfgsResult run() {
    LbfgsResult result;
    result.value = objective_(x_, gradient_);
    result.gradient = largest(gradient_, options_.threads);
    while (result.gradient > options_.tolerance && result.iterations < options_.max_iterations) {
      if (!step(result.value)) break;
      ++result.iterations;
      result.gradient = largest(gradient_, options_.threads);
      if (options_.after_iteration)
        options_.after_iteration(result.iterations, result.value, result.gradient);
    }
    result.converged = result.gradient <= options_.tolerance;
    return result;
  }

 private:
  struct Pair {
    std::vector<float> step, change;
    double inverse = 0;  // 1 / (step . change)
  };

  // One iteration; false when no step makes progress.
  bool step(double& value) {
    start_.assign(x_.begin(), x_.end());
    start_gradient_ = gradient_;
    for (;;) {
      set_direction();
      const double slope = dot<double>(gradient_, direction_, options_.threads);
      const double first =
          pairs_.empty() ? std::min(1.0, 1 / std::sqrt(dot<double>(gradient_, gradient_, options_.threads)))
                         : 1.0;
      double found = 0;
      if (slope < 0) found = search({0, value, slope}, first, value);
      if (found > 0) {
        remember(found);
        return true;
      }
      std::ranges::copy(start_, x_.begin());
      gradient_ = start_gradient_;
      if (pairs_.empty()) return false;
      pairs_.clear();  // the model of the curvature has gone bad: begin it anew
    }
  }

  // -H * gradient by the two-loop recursion.
  void set_direction() {
    direction_ = gradient_;
    std::vector<double> alphas(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      const Pair& pair = pairs_[i];
      alphas[i] = pair.inverse * dot<float>(pair.step, direction_, options_.threads);
      axpy<float>(-alphas[i], pair.change, direction_, options_.threads);
    }
    if (!pairs_.empty()) scale(initial_scale_);
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      const Pair& pair = pairs_[i];
      const double beta = pair.inverse * dot<float>(pair.change, direction_, options_.threads);
      axpy<float>(alphas[i] - beta, pair.step, direction_, options_.threads);
    }
    scale(-1);
  }

  void scale(double factor) {
    for_pieces(static_cast<std::int64_t>(direction_.size()), options_.threads,
               [&](std::int64_t begin, std::int64_t end, std::int64_t) {
                 for (std::int64_t i = begin; i < end; ++i) direction_[static_cast<std::size_t>(i)] *= factor;
               });
  }

  // Moves x to start + step * direction and evaluates there.
  Trial evaluate(double step) {
    for_pieces(static_cast<std::int64_t>(x_.size()), options_.threads,
               [&](std::int64_t begin, std::int64_t end, std::int64_t) {
                 for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
                   x_[i] = start_[i] + step * direction_[i];
                 }
               });
    const double value = objective_(x_, gradient_);
    return {step, value, dot<double>(gradient_, direction_, options_.threads)};
  }

  static bool is_good(const Trial& start, const Trial& trial) {
    const bool curved = std::abs(trial.slope) <= -kCurvature * start.slope;
    const bool lower = trial.value <= start.value + kDecrease * trial.step * start.slope;
    const bool equal = trial.value <= start.value + kRounding * std::abs(start.value) &&
                       trial.slope <= (2 * kDecrease - 1) * start.slope;
    return curved && (lower || equal);
  }

  // The step taken, 0 if there is none; x, the gradient and `value` are then those of the end point.
  double search(const Trial& start, double first, double& value) {
    Trial low = start;
    Trial high;
    bool bracketed = false;
    double step = first;
    for (int trial_number = 0; trial_number < kMaxTrials; ++trial_number) {
      const Trial trial = evaluate(step);
      if (is_good(start, trial)) {
        value = trial.value;
        return step;
      }
      const bool rose = !(trial.value <= start.value + kDecrease * step * start.slope) ||
                        (trial.value >= low.value && low.step > 0);
      if (rose) {
        high = trial;
        bracketed = true;
      } else {
        if (trial.slope * (bracketed ? high.step - low.step : 1) >= 0) {
          high = low;
          bracketed = true;
        }
        low = trial;
      }
      if (!bracketed) {
        step *= 4;
      } else if (std::isfinite(high.value)) {
        step = interpolate(low, high);
      } else {
        step = (low.step + high.step) / 2;
      }
      if (bracketed && std::abs(high.step - low.step) < 1e-14 * std::max(low.step, high.step)) break;
    }
    return 0;
  }

  void remember(double step) {
    Pair pair;
    if (static_cast<std::int64_t>(pairs_.size()) >= options_.history) {
      pair = std::move(pairs_.front());  // its memory is used again
      pairs_.erase(pairs_.begin());
    }
    pair.step.resize(x_.size());
    pair.change.resize(x_.size());
    for_pieces(static_cast<std::int64_t>(x_.size()), options_.threads,
               [&](std::int64_t begin, std::int64_t end, std::int64_t) {
                 for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
                   pair.step[i] = static_cast<float>(step * direction_[i]);
                   pair.change[i] = static_cast<float>(gradient_[i] - start_gradient_[i]);
                 }
               });
    const double product = inner(pair.step, pair.change);
    const double square = inner(pair.change, pair.change);
    if (!(product > 0) || !(square > 0)) return;  // no curvature to learn from
    pair.inverse = 1 / product;
    initial_scale_ = product / square;
    pairs_.push_back(std::move(pair));
  }

  // Of two float vectors, in double precision; `direction_` is free to hold one of them here.
  double inner(const std::vector<float>& a, const std::vector<float>& b) {
    direction_.assign(b.begin(), b.end());
    return dot<float>(a, direction_, options_.threads);
  }

  std::span<double> x_;
  const Objective& objective_;
  const LbfgsOptions& options_;
  std::vector<double> gradient_, start_, start_gradient_, direction_;
  std::vector<Pair> pairs_;  // the oldest first
  double initial_scale_ = 1;
};

}  // namespace

LbfgsResult minimise_lbfgs(std::span<double> x, const Objective& objective, const LbfgsOptions& options) {
  return Minimiser(x, objective, options).run();
}

}  // namespace quire::linear
