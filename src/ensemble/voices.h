// What the members say of some rows, in the form that methods are fitted to and combine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quire/base/matrix.h"

namespace quire::ensemble {

struct Voices {
  std::int64_t rows = 0;
  std::int64_t members = 0;
  std::int64_t classes = 0;
  std::vector<float> logs;            // [rows, members, classes], log-probabilities
  std::vector<float> probabilities;   // [rows, members, classes]; filled by tune()
  std::vector<std::uint8_t> present;  // [rows, members]: the member has something to say

  [[nodiscard]] const float* logs_of(std::int64_t row) const { return logs.data() + row * members * classes; }
  [[nodiscard]] const float* probabilities_of(std::int64_t row) const {
    return probabilities.data() + row * members * classes;
  }
  [[nodiscard]] const std::uint8_t* present_of(std::int64_t row) const {
    return present.data() + row * members;
  }
};

// Rows [begin, end) of the matrices; of an empty matrix every row is missing. Probabilities count as at least
// kLeastProbability.
[[nodiscard]] Voices listen(std::span<const Matrix> members, std::int64_t begin, std::int64_t end,
                            std::int64_t classes, int threads);

// 1 for each row that at least one member speaks of.
[[nodiscard]] std::vector<std::uint8_t> anyone(const Voices& voices);

// softmax(logs / T), member by member, and its logarithm, at least kLeastLog. A missing member is given the
// mean of those that are present. `tuned` may hold memory of an earlier call.
void tune(const Voices& voices, std::span<const double> temperatures, Voices& tuned, int threads);

// In sums of logarithms a member that calls a class impossible must not outvote all others.
inline constexpr float kLeastLog = -13.815511F;  // log(1e-6)

// softmax(log(p) / T) in place, of p at least kLeastProbability.
void sharpen(std::span<float> probabilities, double temperature);

}  // namespace quire::ensemble
