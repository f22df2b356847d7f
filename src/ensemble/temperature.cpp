#include "quire/ensemble/temperature.h"

#include <algorithm>
#include <cmath>

#include "ensemble/temperature_table.h"
#include "ensemble/vector_math.h"
#include "ensemble/voices.h"
#include "quire/base/threads.h"
#include "quire/ensemble/metrics.h"

namespace quire {
namespace ensemble {
namespace {

// The grid is even in log(1 / T), from the hottest to the coldest. A step changes 1 / T by a tenth, within
// which a polynomial of fifth degree is as good as the loss itself.
constexpr int kCells = 64;
constexpr std::int64_t kRows = 256;  // summed at a time, whatever the threads

double log_inverse(double index) {
  return -std::log(kHottest) + index * std::log(kHottest / kColdest) / kCells;
}

// The polynomial of fifth degree with given values and two derivatives at 0 and 1.
struct Quintic {
  double c[6];
  Quintic(double v0, double s0, double k0, double v1, double s1, double k1) {
    const double rise = v1 - v0 - s0 - k0 / 2;
    const double slope = s1 - s0 - k0;
    const double curvature = k1 - k0;
    c[0] = v0;
    c[1] = s0;
    c[2] = k0 / 2;
    c[3] = 10 * rise - 4 * slope + curvature / 2;
    c[4] = -15 * rise + 7 * slope - curvature;
    c[5] = 6 * rise - 3 * slope + curvature / 2;
  }
  [[nodiscard]] double value(double t) const {
    return c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * (c[4] + t * c[5]))));
  }
  [[nodiscard]] double slope(double t) const {
    return c[1] + t * (2 * c[2] + t * (3 * c[3] + t * (4 * c[4] + t * 5 * c[5])));
  }
};

}  // namespace

TemperatureTable::TemperatureTable(const float* logs, std::int64_t stride, std::int64_t classes,
                                   std::span<const int> labels, const Parts& parts, int threads)
    : logs_(logs),
      stride_(stride),
      classes_(classes),
      labels_(labels),
      parts_(parts),
      threads_(threads),
      points_(kCells + 1) {}

void TemperatureTable::leave_out_missing(const std::uint8_t* present, std::int64_t present_stride) {
  present_ = present;
  present_stride_ = present_stride;
}

// With z the log-probabilities and b = 1 / T the loss is log(sum exp(b z)) - b z_y; its derivatives by b are
// E[z] - z_y and Var[z], those by log b follow.
void TemperatureTable::add_row(std::int64_t row, float inverse, Point& point) const {
  const float* z = logs_ + row * stride_;
  float most = z[0];
  for (std::int64_t k = 1; k < classes_; ++k) most = std::max(most, z[k]);
  float sum = 0;
  float first = 0;
  float second = 0;
  for (std::int64_t k = 0; k < classes_; ++k) {
    const float below = z[k] - most;
    const float weight = fast_exp(inverse * below);
    sum += weight;
    first += weight * below;
    second += weight * below * below;
  }
  const double b = inverse;
  const double mean = static_cast<double>(first) / static_cast<double>(sum);
  const double variance = static_cast<double>(second) / static_cast<double>(sum) - mean * mean;
  const double truth = z[labels_[static_cast<std::size_t>(row)]] - most;
  const double slope = b * (mean - truth);
  point.value += std::log(static_cast<double>(sum)) - b * truth;
  point.slope += slope;
  point.curvature += b * b * variance + slope;
}

const std::vector<TemperatureTable::Point>& TemperatureTable::at(int index) {
  auto& points = points_[static_cast<std::size_t>(index)];
  if (!points.empty()) return points;
  const auto inverse = static_cast<float>(std::exp(log_inverse(index)));
  const auto parts = static_cast<std::size_t>(parts_.count());
  const auto rows = static_cast<std::int64_t>(parts_.of_row.size());
  const std::int64_t blocks = (rows + kRows - 1) / kRows;
  std::vector<Point> sums(static_cast<std::size_t>(blocks) * parts);
  parallel_for(blocks, 8, threads_, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin * kRows; i < std::min(end * kRows, rows); ++i) {
      const int part = parts_.of_row[static_cast<std::size_t>(i)];
      if (part < 0 || (present_ != nullptr && present_[i * present_stride_] == 0)) continue;
      add_row(i, inverse, sums[static_cast<std::size_t>(i / kRows) * parts + static_cast<std::size_t>(part)]);
    }
  });
  points.resize(parts);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    points[i % parts].value += sums[i].value;
    points[i % parts].slope += sums[i].slope;
    points[i % parts].curvature += sums[i].curvature;
  }
  return points;
}

TemperatureTable::Point TemperatureTable::sum_at(int index, const std::vector<bool>& use) {
  const auto& points = at(index);
  Point sum;
  for (std::size_t part = 0; part < points.size(); ++part) {
    if (!use[part]) continue;
    sum.value += points[part].value;
    sum.slope += points[part].slope;
    sum.curvature += points[part].curvature;
  }
  return sum;
}

TemperatureTable::Place TemperatureTable::minimum(const std::vector<bool>& use) {
  int low = 0;        // the loss falls there, unless it is the end
  int high = kCells;  // it rises there, unless it is the end
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (sum_at(middle, use).slope < 0 ? low : high) = middle;
  }
  const double step = log_inverse(1) - log_inverse(0);
  const Point a = sum_at(low, use);
  const Point b = sum_at(high, use);
  if (a.slope >= 0) return {low, 0};
  if (b.slope <= 0) return {low, 1};
  const Quintic loss(a.value, a.slope * step, a.curvature * step * step, b.value, b.slope * step,
                     b.curvature * step * step);
  double left = 0;
  double right = 1;
  for (int i = 0; i < 50; ++i) {
    const double middle = (left + right) / 2;
    (loss.slope(middle) < 0 ? left : right) = middle;
  }
  return {low, (left + right) / 2};
}

double TemperatureTable::value_at(Place place, std::size_t part) {
  const double step = log_inverse(1) - log_inverse(0);
  const Point a = at(place.cell)[part];
  const Point b = at(place.cell + 1)[part];
  return Quintic(a.value, a.slope * step, a.curvature * step * step, b.value, b.slope * step,
                 b.curvature * step * step)
      .value(place.share);
}

double TemperatureTable::fit(const std::vector<bool>& use) {
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < parts_.of_row.size(); ++i) {
    const int part = parts_.of_row[i];
    if (part < 0 || !use[static_cast<std::size_t>(part)]) continue;
    if (present_ == nullptr || present_[static_cast<std::int64_t>(i) * present_stride_] != 0) ++rows;
  }
  if (rows < kFewestTemperatureRows) return 1;
  double change = 0;  // of the loss, cross-fitted
  std::vector<bool> others = use;
  for (std::size_t part = 0; part < use.size(); ++part) {
    if (!use[part]) continue;
    others[part] = false;
    change += value_at(minimum(others), part) - at(kCells / 2)[part].value;
    others[part] = true;
  }
  if (!(change < 0)) return 1;
  const Place place = minimum(use);
  return std::exp(-log_inverse(place.cell + place.share));
}

}  // namespace ensemble

double calibrating_temperature(const Matrix& probabilities, std::span<const int> labels,
                               std::span<const int> folds, int threads) {
  const auto voices =
      ensemble::listen(std::span(&probabilities, 1), 0, probabilities.rows, probabilities.cols, threads);
  const auto parts = ensemble::make_parts(labels, folds, voices.present);
  ensemble::TemperatureTable table(voices.logs.data(), voices.classes, voices.classes, labels, parts,
                                   threads);
  return table.fit(std::vector<bool>(static_cast<std::size_t>(parts.count()), true));
}

void apply_temperature(Matrix& probabilities, double temperature) {
  if (temperature == 1) return;
  for (std::int64_t i = 0; i < probabilities.rows; ++i) {
    const auto row = probabilities.row(i);
    if (!is_missing(row)) ensemble::sharpen(row, temperature);
  }
}

}  // namespace quire
