// Counter-based random numbers: a value is a pure function of a key and a counter, so results
// depend neither on threads nor on the order in which values are asked for.
//
// Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace quire {

using PhiloxBlock = std::array<std::uint32_t, 4>;

// One block of four random 32-bit words.
[[nodiscard]] constexpr PhiloxBlock philox4x32(PhiloxBlock counter, std::uint64_t key) {
  auto key0 = static_cast<std::uint32_t>(key);
  auto key1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {
        static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key0, static_cast<std::uint32_t>(product1),
        static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key1, static_cast<std::uint32_t>(product0)};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return counter;
}

// What a stream of random numbers is for; streams with different purposes never overlap.
enum class Purpose : std::uint32_t { folds = 1, split, batches, weights, sampling, test };

// A sequential stream over one key: (seed, purpose, two indices such as fold and epoch).
class Random {
 public:
  Random(std::uint64_t seed, Purpose purpose, std::uint32_t index = 0, std::uint32_t sub_index = 0);

  [[nodiscard]] std::uint32_t next();
  // Uniform in [0, bound), without bias (Lemire 2019). bound > 0.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound);
  // Uniform in [0, 1), 24 bits.
  [[nodiscard]] float uniform();
  // Normal with mean 0 and variance 1 (Box-Muller).
  [[nodiscard]] float normal();

  // Fisher-Yates.
  template <typename T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[below(static_cast<std::uint32_t>(i))]);
    }
  }

 private:
  std::uint64_t key_;
  std::uint32_t stream_[2];
  std::uint64_t position_ = 0;
  PhiloxBlock block_{};
};

}  // namespace quire
