// Temperature scaling (Guo et al. 2017): one number that makes probabilities as sure as they are right.
#pragma once

#include <span>

#include "quire/base/matrix.h"

namespace quire {

// Temperatures lie between these. Outside, the rows say that nothing or everything is certain, and then there
// are too few of them.
inline constexpr double kColdest = 0.05;
inline constexpr double kHottest = 20;
// With fewer rows than this no temperature is fitted.
inline constexpr int kFewestTemperatureRows = 100;

// The temperature T that minimises the log loss of softmax(log(p) / T). The loss is convex in 1 / T, so the
// search, over log T, finds the minimum. It is 1, and probabilities stay as they are, with too few rows or
// unless the log loss falls on rows that T was not fitted to: rows of fold j are scored with the temperature
// of the other folds. Rows of NaN or of a negative fold are left out; with fewer than two folds five are
// made.
[[nodiscard]] double calibrating_temperature(const Matrix& probabilities, std::span<const int> labels,
                                             std::span<const int> folds, int threads = 1);

// softmax(log(p) / T) of each row, in place. With T = 1 nothing changes; rows of NaN stay.
void apply_temperature(Matrix& probabilities, double temperature);

}  // namespace quire
