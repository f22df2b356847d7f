#include "quire/train/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "quire/base/error.h"
#include "quire/base/random.h"

namespace quire::train {

Decay parse_decay(std::string_view name) {
  if (name == "linear") return Decay::linear;
  if (name == "cosine") return Decay::cosine;
  if (name == "constant") return Decay::constant;
  throw InputError(fmt::format("no schedule is called '{}'", name), "known: linear, cosine, constant");
}

std::int64_t warmup_steps(std::int64_t steps, double ratio) {
  return static_cast<std::int64_t>(std::ceil(ratio * static_cast<double>(steps)));
}

double Schedule::factor(std::int64_t step) const {
  if (step < warmup_)
    return static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, warmup_));
  if (decay_ == Decay::constant) return 1;
  const auto left = static_cast<double>(steps_ - step);
  const auto all = static_cast<double>(std::max<std::int64_t>(1, steps_ - warmup_));
  if (decay_ == Decay::linear) return std::max(0.0, left / all);
  const double progress = 1 - left / all;
  return std::max(0.0, 0.5 * (1 + std::cos(std::numbers::pi * progress)));
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
