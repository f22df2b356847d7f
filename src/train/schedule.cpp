#include "quire/train/schedule.h"

#include <algorithm>
#include <cmath>

#include "quire/base/random.h"

namespace quire::train {

LinearSchedule::LinearSchedule(std::int64_t steps, double warmup_ratio)
    : steps_(steps),
      warmup_(static_cast<std::int64_t>(std::ceil(warmup_ratio * static_cast<double>(steps)))) {}

double LinearSchedule::factor(std::int64_t step) const {
  if (step < warmup_)
    return static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, warmup_));
  return std::max(0.0, static_cast<double>(steps_ - step) /
                           static_cast<double>(std::max<std::int64_t>(1, steps_ - warmup_)));
}

std::vector<std::vector<std::int64_t>> draw_batches(std::span<const std::int64_t> rows,
                                                    std::span<const std::int32_t> lengths,
                                                    std::int64_t batch_size, std::uint64_t seed,
                                                    std::uint32_t fold, std::uint32_t epoch) {
  constexpr std::size_t kBatchesPerStretch = 50;
  Random random(seed, Purpose::batches, fold, epoch);
  std::vector<std::int64_t> order(rows.begin(), rows.end());
  random.shuffle(std::span(order));
  const auto size = static_cast<std::size_t>(batch_size);
  const std::size_t stretch = size * kBatchesPerStretch;
  for (std::size_t begin = 0; begin < order.size(); begin += stretch) {
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = order.begin() + static_cast<std::ptrdiff_t>(std::min(begin + stretch, order.size()));
    std::stable_sort(first, last, [&](std::int64_t a, std::int64_t b) {
      return lengths[static_cast<std::size_t>(a)] > lengths[static_cast<std::size_t>(b)];
    });
  }
  std::vector<std::vector<std::int64_t>> batches;
  for (std::size_t begin = 0; begin < order.size(); begin += size) {
    batches.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(begin),
                         order.begin() + static_cast<std::ptrdiff_t>(std::min(begin + size, order.size())));
  }
  random.shuffle(std::span(batches));
  return batches;
}

}  // namespace quire::train
