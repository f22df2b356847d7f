// Philox4x32-10 (Salmon et al. 2011) on the widest registers of the instruction set that includes this. In an
// anonymous namespace: see CMakeLists.txt.
#pragma once

#include <immintrin.h>
#include <stdint.h>

#include "quire/kernels/kernels.h"

namespace quire::kernels {
namespace {

constexpr int kCounters = 16;

// 64-bit lanes of one register; what their upper halves hold does not matter.
#if defined(__AVX512F__)
using Register = __m512i;
inline Register multiply_words(Register a, Register b) { return _mm512_mul_epu32(a, b); }
#elif defined(__AVX2__)
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
  for (int round = 0; round < 10; ++round) {
    const Words product0 = multiply_words(c0, 0xD2511F53);
    const Words product1 = multiply_words(c2, 0xCD9E8D57);
    c0 = (product1 >> 32) ^ c1 ^ key0;
    c1 = product1;
    c2 = (product0 >> 32) ^ c3 ^ key1;
    c3 = product0;
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return {{c0, c1, c2, c3}};
}

// Draws of 16 bits come in groups of 128 from 16 consecutive counters. Draw i of a group is half
// (i / 16) % 2 of word i / 32 of counter i % 16: the layout a vector register wants.
constexpr int kDraws = 8 * kCounters;

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

}  // namespace
}  // namespace quire::kernels
