#include "quire/base/random.h"

#include <cmath>
#include <numbers>

namespace quire {

Random::Random(std::uint64_t seed, Purpose purpose, std::uint32_t index, std::uint32_t sub_index)
    : key_(seed ^ (static_cast<std::uint64_t>(purpose) << 56)), stream_{index, sub_index} {}

std::uint32_t Random::next() {
  const std::uint64_t lane = position_ % 4;
  if (lane == 0) {
    const std::uint64_t counter = position_ / 4;
    block_ = philox4x32({static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32),
                         stream_[0], stream_[1]},
                        key_);
  }
  ++position_;
  return block_[lane];
}

std::uint32_t Random::below(std::uint32_t bound) {
  std::uint64_t product = std::uint64_t{next()} * bound;
  auto low = static_cast<std::uint32_t>(product);
  if (low < bound) {
    const std::uint32_t threshold = (0U - bound) % bound;
    while (low < threshold) {
      product = std::uint64_t{next()} * bound;
      low = static_cast<std::uint32_t>(product);
    }
  }
  return static_cast<std::uint32_t>(product >> 32);
}

float Random::uniform() { return static_cast<float>(next() >> 8) * 0x1.0p-24F; }

float Random::normal() {
  // 1 - u lies in (0, 1], so that its logarithm is finite.
  const double radius = std::sqrt(-2.0 * std::log(1.0 - static_cast<double>(uniform())));
  return static_cast<float>(radius * std::cos(2.0 * std::numbers::pi * static_cast<double>(uniform())));
}

}  // namespace quire
