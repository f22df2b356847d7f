// Limited-memory BFGS with a line search for the strong Wolfe conditions.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace quire::linear {

// The value at `x`; fills `gradient`.
using Objective = std::function<double(std::span<const double> x, std::span<double> gradient)>;

struct LbfgsOptions {
  double tolerance = 1e-4;  // of the largest absolute gradient entry
  std::int64_t max_iterations = 1000;
  // Pairs of steps and gradient changes that model the curvature; kept in single precision, since they
  // only shape the direction.
  std::int64_t history = 10;
  int threads = 1;
  // Called after every iteration; may throw to stop.
  std::function<void(std::int64_t iteration, double value, double gradient)> after_iteration;
};

struct LbfgsResult {
  double value = 0;
  double gradient = 0;  // largest absolute entry
  std::int64_t iterations = 0;
  bool converged = false;
};

// Minimises from `x` in place (Nocedal and Wright, "Numerical optimization", algorithms 7.4, 3.5, 3.6).
LbfgsResult minimise_lbfgs(std::span<double> x, const Objective& objective, const LbfgsOptions& options);

}  // namespace quire::linear
