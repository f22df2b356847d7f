// Philox4x32-10 (Salmon et al. 2011) on the widest registers of the instruction set that includes this. In an
// anonymous namespace: see CMakeLists.txt.
#pragma once

#include <immintrin.h>
#include <stdint.h>

#include "quire/kernels/kernels.h"

namespace quire::kernels {
namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kKeyStep0 = 0x9E3779B9;
constexpr uint32_t kKeyStep1 = 0xBB67AE85;
constexpr int kRounds = 10;

constexpr int kCounters = 16;

// Draws of 16 bits come in groups of 128 from 16 consecutive counters. Draw i of a group is half
// (i / 16) % 2 of word i / 32 of counter i % 16: the layout a vector register wants.
constexpr int kDraws = 8 * kCounters;

#if defined(__AVX512BW__)

// Two times eight counters side by side, since a product's latency is longer than its work. In the lower
// halves of 64-bit lanes; what the upper halves hold does not matter.
struct PhiloxPair {
  __m512i low[4], high[4];
};

class PhiloxStream {
 public:
  explicit PhiloxStream(const DropoutStream& stream)
      : site_(_mm512_set1_epi64(stream.site)),
        document_(_mm512_set1_epi64(stream.document)),
        epoch_(_mm512_set1_epi64(stream.epoch)) {
    auto key0 = static_cast<uint32_t>(stream.seed);
    auto key1 = static_cast<uint32_t>(stream.seed >> 32);
    for (Keys& keys : keys_) {
      keys = {key0, key1};
      key0 += kKeyStep0;
      key1 += kKeyStep1;
    }
  }
  // Of sixteen counters from `counter` on.
  [[nodiscard]] PhiloxPair draw(uint32_t counter) const {
    const __m512i first = _mm512_set1_epi64(counter);
    Block low = begin(_mm512_add_epi64(first, _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7)));
    Block high = begin(_mm512_add_epi64(first, _mm512_setr_epi64(8, 9, 10, 11, 12, 13, 14, 15)));
    for (const Keys& keys : keys_) {
      const __m512i key0 = _mm512_set1_epi32(static_cast<int32_t>(keys.first));
      const __m512i key1 = _mm512_set1_epi32(static_cast<int32_t>(keys.second));
      low = round(low, key0, key1);
      high = round(high, key0, key1);
    }
    return {{low.c0, low.c1, low.c2, low.c3}, {high.c0, high.c1, high.c2, high.c3}};
  }

 private:
  struct Keys {
    uint32_t first, second;
  };
  struct Block {
    __m512i c0, c1, c2, c3;
  };
  [[nodiscard]] Block begin(__m512i counters) const { return {counters, site_, document_, epoch_}; }
  // The upper halves come down by a shuffle: shifts would share the multiplier's port.
  static Block round(const Block& c, __m512i key0, __m512i key1) {
    constexpr int kXor = 0x96;
    const __m512i product0 = _mm512_mul_epu32(c.c0, _mm512_set1_epi32(static_cast<int32_t>(kMultiplier0)));
    const __m512i product1 = _mm512_mul_epu32(c.c2, _mm512_set1_epi32(static_cast<int32_t>(kMultiplier1)));
    return {
        _mm512_ternarylogic_epi32(_mm512_shuffle_epi32(product1, _MM_PERM_DDBB), c.c1, key0, kXor), product1,
        _mm512_ternarylogic_epi32(_mm512_shuffle_epi32(product0, _MM_PERM_DDBB), c.c3, key1, kXor), product0};
  }

  __m512i site_, document_, epoch_;
  Keys keys_[kRounds];
};

// What dropout keeps of a group of draws: bit i % 32 of word i / 32 is 1 where draw i is at least the
// threshold.
class KeptDraws {
 public:
  KeptDraws(const DropoutStream& stream, uint32_t threshold) : stream_(stream), threshold_(threshold) {}
  void group(uint32_t group, uint32_t (&bits)[4]) const {
    const PhiloxPair drawn = stream_.draw(group * kCounters);
    const __m512i threshold = _mm512_set1_epi16(static_cast<int16_t>(threshold_));
    const __m512i lower_halves = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    // The low halves of the words of all counters first, then their high halves.
    alignas(64) static constexpr uint16_t kHalves[32] = {0,  2,  4,  6,  8,  10, 12, 14, 16, 18, 20,
                                                         22, 24, 26, 28, 30, 1,  3,  5,  7,  9,  11,
                                                         13, 15, 17, 19, 21, 23, 25, 27, 29, 31};
    const __m512i halves = _mm512_load_si512(kHalves);
    for (int word = 0; word < 4; ++word) {
      const __m512i words = _mm512_permutex2var_epi32(drawn.low[word], lower_halves, drawn.high[word]);
      bits[word] = _mm512_cmpge_epu16_mask(_mm512_permutexvar_epi16(halves, words), threshold);
    }
  }

 private:
  PhiloxStream stream_;
  uint32_t threshold_;
};

#else

// 64-bit lanes of one register; what their upper halves hold does not matter.
#if defined(__AVX2__)
using Register = __m256i;
inline Register multiply_words(Register a, Register b) { return _mm256_mul_epu32(a, b); }
#else
using Register = __m128i;
inline Register multiply_words(Register a, Register b) { return _mm_mul_epu32(a, b); }
#endif
typedef uint64_t Words __attribute__((vector_size(sizeof(Register))));
constexpr int kWords = sizeof(Register) / sizeof(uint64_t);

inline Words multiply_words(Words a, uint32_t factor) {
  const Words factors = Words{} + factor;
  return reinterpret_cast<Words>(
      multiply_words(reinterpret_cast<Register>(a), reinterpret_cast<Register>(factors)));
}

// The four words of kWords consecutive counters, in the lower halves of lanes.
struct PhiloxWords {
  Words word[4];
};

inline PhiloxWords philox(uint32_t counter, const DropoutStream& stream) {
  Words c0 = Words{} + counter;
  for (int lane = 0; lane < kWords; ++lane) c0[lane] += static_cast<uint32_t>(lane);
  Words c1 = Words{} + stream.site;
  Words c2 = Words{} + stream.document;
  Words c3 = Words{} + stream.epoch;
  auto key0 = static_cast<uint32_t>(stream.seed);
  auto key1 = static_cast<uint32_t>(stream.seed >> 32);
  for (int round = 0; round < kRounds; ++round) {
    const Words product0 = multiply_words(c0, kMultiplier0);
    const Words product1 = multiply_words(c2, kMultiplier1);
    c0 = (product1 >> 32) ^ c1 ^ key0;
    c1 = product1;
    c2 = (product0 >> 32) ^ c3 ^ key1;
    c3 = product0;
    key0 += kKeyStep0;
    key1 += kKeyStep1;
  }
  return {{c0, c1, c2, c3}};
}

inline void draw_group(uint32_t group, const DropoutStream& stream, uint16_t* draws) {
  uint32_t words[4][kCounters];
  for (int first = 0; first < kCounters; first += kWords) {
    const PhiloxWords drawn = philox(group * kCounters + static_cast<uint32_t>(first), stream);
    for (int word = 0; word < 4; ++word) {
      for (int lane = 0; lane < kWords; ++lane)
        words[word][first + lane] = static_cast<uint32_t>(drawn.word[word][lane]);
    }
  }
  for (int word = 0; word < 4; ++word) {
    for (int lane = 0; lane < kCounters; ++lane) {
      draws[word * 2 * kCounters + lane] = static_cast<uint16_t>(words[word][lane]);
      draws[(word * 2 + 1) * kCounters + lane] = static_cast<uint16_t>(words[word][lane] >> 16);
    }
  }
}

#endif

}  // namespace
}  // namespace quire::kernels
