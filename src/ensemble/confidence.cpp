#include "quire/ensemble/confidence.h"

#include <algorithm>
#include <cmath>

#include "quire/ensemble/metrics.h"

namespace quire {
namespace {

struct Prediction {
  double confidence = 0;
  bool right = false;
};

std::vector<Prediction> predictions(const Matrix& probabilities, std::span<const int> truth) {
  std::vector<Prediction> found;
  found.reserve(static_cast<std::size_t>(probabilities.rows));
  for (std::int64_t i = 0; i < probabilities.rows; ++i) {
    const auto row = probabilities.row(i);
    if (is_missing(row)) continue;
    const auto best = std::ranges::max_element(row);
    found.push_back({static_cast<double>(*best), best - row.begin() == truth[static_cast<std::size_t>(i)]});
  }
  return found;
}

}  // namespace

double expected_calibration_error(const Matrix& probabilities, std::span<const int> truth, int bins) {
  const auto count = static_cast<std::size_t>(bins);
  std::vector<double> excess(count);  // sum of confidence minus the number of right rows
  const auto rows = predictions(probabilities, truth);
  for (const Prediction& row : rows) {
    // A bin holds its upper end, as in Guo et al.: (0, 1/15], (1/15, 2/15], ...
    const auto bin = static_cast<std::int64_t>(std::ceil(row.confidence * bins)) - 1;
    excess[static_cast<std::size_t>(std::clamp<std::int64_t>(bin, 0, bins - 1))] +=
        row.confidence - (row.right ? 1.0 : 0.0);
  }
  double error = 0;
  for (const double value : excess) error += std::abs(value);
  return rows.empty() ? 0 : error / static_cast<double>(rows.size());
}

std::vector<CoveragePoint> coverage_curve(const Matrix& probabilities, std::span<const int> truth,
                                          int points) {
  auto rows = predictions(probabilities, truth);
  std::ranges::sort(rows, std::greater<>{}, &Prediction::confidence);
  const auto total = static_cast<std::int64_t>(rows.size());
  std::vector<CoveragePoint> curve;
  std::int64_t taken = 0;
  std::int64_t right = 0;
  for (int point = 1; point <= points; ++point) {
    const std::int64_t wanted = (total * point + points - 1) / points;
    if (wanted <= taken) continue;
    const auto row = [&](std::int64_t index) { return rows[static_cast<std::size_t>(index)]; };
    const double confidence = row(wanted - 1).confidence;
    for (; taken < total && row(taken).confidence >= confidence; ++taken) right += row(taken).right ? 1 : 0;
    curve.push_back({confidence, taken, static_cast<double>(taken) / static_cast<double>(total),
                     static_cast<double>(right) / static_cast<double>(taken)});
  }
  std::ranges::reverse(curve);
  return curve;
}

}  // namespace quire
