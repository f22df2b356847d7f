// How far probabilities can be trusted: calibration error, and accuracy against coverage.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quire/base/matrix.h"

namespace quire {

// Expected calibration error (Naeini et al. 2015; Guo et al. 2017): rows are put into bins of equal width by
// the probability of their most probable class; the mean over the rows of |accuracy - mean probability| of
// their bin. Rows of NaN are left out.
[[nodiscard]] double expected_calibration_error(const Matrix& probabilities, std::span<const int> truth,
                                                int bins = 15);

// Of the rows whose most probable class has at least probability `confidence`: their number, their share of
// all rows, and how many of them are right.
struct CoveragePoint {
  double confidence = 0;
  std::int64_t rows = 0;
  double coverage = 0;
  double accuracy = 0;
};

// About `points` points of equal steps in coverage, the least confidence (all rows) first. Rows of equal
// confidence are never parted, so there may be fewer. Rows of NaN are left out.
[[nodiscard]] std::vector<CoveragePoint> coverage_curve(const Matrix& probabilities,
                                                        std::span<const int> truth, int points = 100);

}  // namespace quire
