#include "ensemble/voices.h"

#include <algorithm>

#include "ensemble/vector_math.h"
#include "quire/base/threads.h"
#include "quire/ensemble/metrics.h"

namespace quire::ensemble {
namespace {

constexpr std::int64_t kGrain = 256;

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// exp(inverse * z) normalised to 1.
void softmax(const float* z, float inverse, std::int64_t classes, float* probabilities) {
  float most = z[0];
  for (std::int64_t k = 1; k < classes; ++k) most = std::max(most, z[k]);
  for (std::int64_t k = 0; k < classes; ++k) probabilities[k] = fast_exp(inverse * (z[k] - most));
  float sum = 0;
  for (std::int64_t k = 0; k < classes; ++k) sum += probabilities[k];
  const float scale = 1.0F / sum;
  for (std::int64_t k = 0; k < classes; ++k) probabilities[k] *= scale;
}

void take_logs(const float* probabilities, std::int64_t classes, float* logs) {
  constexpr auto kLeast = static_cast<float>(kLeastProbability);
  for (std::int64_t k = 0; k < classes; ++k) {
    logs[k] = fast_log(probabilities[k] < kLeast ? kLeast : probabilities[k]);
  }
}

// A missing member says what the others say in the mean.
void fill_missing(const std::uint8_t* present, std::int64_t members, std::int64_t classes,
                  float* probabilities) {
  const auto count = std::count_if(present, present + members, [](std::uint8_t one) { return one != 0; });
  if (count == 0 || count == members) return;
  std::vector<float> mean(at(classes));
  for (std::int64_t m = 0; m < members; ++m) {
    if (present[m] == 0) continue;
    for (std::int64_t k = 0; k < classes; ++k)
      mean[at(k)] += probabilities[m * classes + k] / static_cast<float>(count);
  }
  for (std::int64_t m = 0; m < members; ++m) {
    if (present[m] == 0) std::ranges::copy(mean, probabilities + m * classes);
  }
}

}  // namespace

Voices listen(std::span<const Matrix> members, std::int64_t begin, std::int64_t end, std::int64_t classes,
              int threads) {
  Voices voices;
  voices.rows = end - begin;
  voices.members = static_cast<std::int64_t>(members.size());
  voices.classes = classes;
  voices.logs.resize(at(voices.rows * voices.members * classes));
  voices.present.resize(at(voices.rows * voices.members));
  parallel_for(voices.rows, kGrain, threads, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      for (std::int64_t m = 0; m < voices.members; ++m) {
        const Matrix& matrix = members[at(m)];
        if (matrix.rows == 0) continue;
        const auto row = matrix.row(begin + i);
        if (is_missing(row)) continue;
        const std::int64_t place = i * voices.members + m;
        voices.present[at(place)] = 1;
        take_logs(row.data(), classes, voices.logs.data() + place * classes);
      }
    }
  });
  return voices;
}

std::vector<std::uint8_t> anyone(const Voices& voices) {
  std::vector<std::uint8_t> found(at(voices.rows));
  for (std::int64_t i = 0; i < voices.rows; ++i) {
    const auto* present = voices.present_of(i);
    found[at(i)] = *std::max_element(present, present + voices.members);
  }
  return found;
}

void tune(const Voices& voices, std::span<const double> temperatures, Voices& tuned, int threads) {
  const std::int64_t classes = voices.classes;
  const std::int64_t width = voices.members * classes;
  tuned.rows = voices.rows;
  tuned.members = voices.members;
  tuned.classes = classes;
  tuned.present = voices.present;
  tuned.logs.resize(voices.logs.size());
  tuned.probabilities.resize(voices.logs.size());
  parallel_for(voices.rows, kGrain, threads, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const auto* present = voices.present_of(i);
      float* const probabilities = tuned.probabilities.data() + i * width;
      float* const logs = tuned.logs.data() + i * width;
      for (std::int64_t m = 0; m < voices.members; ++m) {
        if (present[m] == 0) continue;
        softmax(voices.logs_of(i) + m * classes, static_cast<float>(1 / temperatures[at(m)]), classes,
                probabilities + m * classes);
      }
      fill_missing(present, voices.members, classes, probabilities);
      take_logs(probabilities, width, logs);
      for (std::int64_t k = 0; k < width; ++k) logs[k] = logs[k] < kLeastLog ? kLeastLog : logs[k];
    }
  });
}

void sharpen(std::span<float> probabilities, double temperature) {
  const auto classes = static_cast<std::int64_t>(probabilities.size());
  std::vector<float> logs(probabilities.size());
  take_logs(probabilities.data(), classes, logs.data());
  softmax(logs.data(), static_cast<float>(1 / temperature), classes, probabilities.data());
}

}  // namespace quire::ensemble
