// What words of a text became, so that a word is taken apart once: a table of fixed size between
// the text and the model, shared by all threads without a lock.
//
// A slot is one cache line and is written once: from empty to busy by whoever gets there first,
// then to ready. Readers see it only when it is ready. When all places of a word are taken the
// word stays out, and since frequent words come early, that costs little.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace quire::text {

class WordCache {
 public:
  static constexpr std::size_t kLongestWord = 32;  // bytes; longer ones are not kept
  static constexpr std::size_t kMostIds = 6;       // nor those of more ids

  // A word's bytes, padded with zeros, and their hash.
  struct Key {
    std::array<std::uint64_t, kLongestWord / 8> bytes;
    std::uint64_t hash;
    std::uint8_t length;
  };

  WordCache() : slots_(kSlots) {}

  // `word` is at most kLongestWord bytes and lies in a buffer that ends at `end`.
  [[nodiscard]] static Key key_of(std::string_view word, const char* end) noexcept {
    Key key;
    if (end - word.data() >= static_cast<std::ptrdiff_t>(kLongestWord)) {
      std::memcpy(key.bytes.data(), word.data(), kLongestWord);
      for (std::size_t i = 0; i < key.bytes.size(); ++i) key.bytes[i] &= kMasks[word.size()][i];
    } else {
      key.bytes = {};
      std::memcpy(key.bytes.data(), word.data(), word.size());
    }
    key.length = static_cast<std::uint8_t>(word.size());
    key.hash = hash(key);
    return key;
  }

  // The ids of a word, or nothing when it is not known; a word may well have no ids.
  struct Found {
    const std::int32_t* ids = nullptr;  // nullptr: not known
    std::size_t count = 0;
  };
  [[nodiscard]] Found find(const Key& key) const noexcept {
    const std::uint32_t ready = ready_state(key);
    for (std::size_t i = 0; i < kPlaces; ++i) {
      const Slot& slot = slots_[place(key, i)];
      const std::uint32_t state = slot.state.load(std::memory_order_acquire);
      if (state == ready && slot.length == key.length && slot.bytes == key.bytes) {
        return {slot.ids.data(), slot.count};
      }
      if (state == kEmpty) break;
    }
    return {};
  }

  // Keeps a word if there is room. Logically const: what is found is what would be computed.
  void insert(const Key& key, std::span<const std::int32_t> ids) const noexcept;

 private:
  static constexpr std::size_t kSlots = std::size_t{1} << 16;
  static constexpr std::size_t kPlaces = 4;  // neighbouring slots a word may take
  static constexpr std::uint32_t kEmpty = 0;
  static constexpr std::uint32_t kBusy = 1;

  struct alignas(64) Slot {
    std::atomic<std::uint32_t> state{kEmpty};
    std::uint8_t length = 0;
    std::uint8_t count = 0;
    std::array<std::int32_t, kMostIds> ids{};
    std::array<std::uint64_t, kLongestWord / 8> bytes{};
  };
  static_assert(sizeof(Slot) == 64);

  using Masks = std::array<std::array<std::uint64_t, kLongestWord / 8>, kLongestWord + 1>;
  static constexpr Masks make_masks() {
    Masks masks{};
    for (std::size_t length = 0; length <= kLongestWord; ++length) {
      for (std::size_t i = 0; i < length; ++i) masks[length][i / 8] |= std::uint64_t{0xFF} << (i % 8 * 8);
    }
    return masks;
  }
  static const Masks kMasks;

  // Two 64 x 64 bit products, folded: the mixing step of wyhash.
  static std::uint64_t hash(const Key& key) noexcept {
    const auto mix = [](std::uint64_t a, std::uint64_t b) {
      __extension__ using Wide = unsigned __int128;
      const Wide product = static_cast<Wide>(a) * b;
      return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    };
    const std::uint64_t low = mix(key.bytes[0] ^ 0xa0761d6478bd642f, key.bytes[1] ^ 0xe7037ed1a0b428db);
    const std::uint64_t high = mix(key.bytes[2] ^ 0x8ebc6af09c88c6e3, key.bytes[3] ^ 0x589965cc75374cc3);
    return mix(low ^ key.length, high ^ 0x1d8e4e27c47d124f);
  }
  static std::uint32_t ready_state(const Key& key) noexcept {
    return static_cast<std::uint32_t>(key.hash >> 32) | 2U;  // neither empty nor busy
  }
  static std::size_t place(const Key& key, std::size_t i) noexcept { return (key.hash + i) % kSlots; }

  mutable std::vector<Slot> slots_;
};

inline constexpr WordCache::Masks WordCache::kMasks = WordCache::make_masks();

}  // namespace quire::text
