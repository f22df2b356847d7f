// Log losses of one matrix at many temperatures, by part, so that the best temperature for any set of parts
// is cheap: cross-fitting asks for it without each fold, and within that without each part.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "ensemble/parts.h"

namespace quire::ensemble {

class TemperatureTable {
 public:
  // Row i's log-probabilities lie at logs + i * stride. They must outlive the table, as must the rest.
  TemperatureTable(const float* logs, std::int64_t stride, std::int64_t classes, std::span<const int> labels,
                   const Parts& parts, int threads);

  // For the rows of the parts in `use`: 1 with too few rows, or unless the loss of each of them, at the
  // temperature of the others, falls in sum. A row with `present` false is left out.
  [[nodiscard]] double fit(const std::vector<bool>& use);

  // Rows for which this is 0 are left out; to be called before fit().
  void leave_out_missing(const std::uint8_t* present, std::int64_t present_stride);

 private:
  // Of one part at one point of the grid: the sum of losses and its first two derivatives by log(1 / T).
  struct Point {
    double value = 0;
    double slope = 0;
    double curvature = 0;
  };
  // Where a minimum lies: between two points of the grid (or at its end), at `share` of the way.
  struct Place {
    int cell = 0;
    double share = 0;
  };

  const std::vector<Point>& at(int index);
  void add_row(std::int64_t row, float inverse, Point& point) const;
  Point sum_at(int index, const std::vector<bool>& use);
  Place minimum(const std::vector<bool>& use);
  double value_at(Place place, std::size_t part);

  const float* logs_;
  std::int64_t stride_;
  std::int64_t classes_;
  std::span<const int> labels_;
  const Parts& parts_;
  int threads_;
  const std::uint8_t* present_ = nullptr;
  std::int64_t present_stride_ = 0;
  std::vector<std::vector<Point>> points_;  // [grid][parts]; empty: not yet known
};

}  // namespace quire::ensemble
