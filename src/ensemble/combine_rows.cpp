#include "ensemble/combine_rows.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "ensemble/vector_math.h"
#include "quire/base/threads.h"

namespace quire::ensemble {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// Combines one row at a time; holds the scratch for it.
class RowCombiner {
 public:
  RowCombiner(const Combination& combination, const Voices& tuned)
      : combination_(combination),
        tuned_(tuned),
        weights_(at(tuned.members)),
        scales_(combination.scales.begin(), combination.scales.end()),
        bias_(combination.bias.begin(), combination.bias.end()) {}

  void combine(std::int64_t row, std::span<float> out) {
    if (!set_weights(row)) {
      std::ranges::fill(out, std::numeric_limits<float>::quiet_NaN());
      return;
    }
    std::ranges::fill(out, 0.0F);
    switch (combination_.rule) {
      case Rule::mean:
        add_weighted(tuned_.probabilities_of(row), out);
        break;
      case Rule::log_mean:
        add_weighted(tuned_.logs_of(row), out);
        softmax(out);
        break;
      case Rule::vote:
        vote(tuned_.probabilities_of(row), out);
        break;
      case Rule::stack:
        stack(tuned_.logs_of(row), out);
        break;
    }
  }

 private:
  // Those of the members present, scaled to sum to 1; false if nobody is.
  bool set_weights(std::int64_t row) {
    const std::uint8_t* present = tuned_.present_of(row);
    double sum = 0;
    std::int64_t count = 0;
    for (std::int64_t m = 0; m < tuned_.members; ++m) {
      if (present[m] == 0) continue;
      sum += combination_.weights[at(m)];
      ++count;
    }
    voters_ = 0;
    for (std::int64_t m = 0; m < tuned_.members; ++m) {
      double weight = 0;
      if (present[m] != 0) {
        weight = sum > 0 ? combination_.weights[at(m)] / sum : 1 / static_cast<double>(count);
      }
      weights_[at(m)] = static_cast<float>(weight);
      if (weight > 0) ++voters_;
    }
    return count > 0;
  }

  void add_weighted(const float* values, std::span<float> out) const {
    for (std::int64_t m = 0; m < tuned_.members; ++m) {
      const float weight = weights_[at(m)];
      if (weight == 0) continue;
      const float* const row = values + m * tuned_.classes;
      for (std::size_t k = 0; k < out.size(); ++k) out[k] += weight * row[k];
    }
  }

  void vote(const float* probabilities, std::span<float> out) const {
    add_weighted(probabilities, out);
    const auto voters = static_cast<float>(voters_);
    for (std::int64_t m = 0; m < tuned_.members; ++m) {
      const float* const row = probabilities + m * tuned_.classes;
      out[at(std::max_element(row, row + tuned_.classes) - row)] += voters * weights_[at(m)];
    }
    for (float& value : out) value /= voters + 1;
  }

  void stack(const float* logs, std::span<float> out) const {
    std::ranges::copy(bias_, out.begin());
    for (std::int64_t m = 0; m < tuned_.members; ++m) {
      const float* const row = logs + m * tuned_.classes;
      const float* const scale = scales_.data() + m * tuned_.classes;
      for (std::size_t k = 0; k < out.size(); ++k) out[k] += scale[k] * row[k];
    }
    softmax(out);
  }

  static void softmax(std::span<float> scores) {
    const float most = *std::ranges::max_element(scores);
    for (float& value : scores) value = fast_exp(value - most);
    float sum = 0;
    for (const float value : scores) sum += value;
    for (float& value : scores) value /= sum;
  }

  const Combination& combination_;
  const Voices& tuned_;
  std::vector<float> weights_;
  std::vector<float> scales_;
  std::vector<float> bias_;
  std::int64_t voters_ = 0;
};

}  // namespace

void combine_tuned(const Combination& combination, const Voices& tuned, std::span<const std::int64_t> rows,
                   Matrix& out, int threads) {
  parallel_for(static_cast<std::int64_t>(rows.size()), 256, threads,
               [&](std::int64_t begin, std::int64_t end) {
                 RowCombiner combiner(combination, tuned);
                 for (std::int64_t i = begin; i < end; ++i)
                   combiner.combine(rows[at(i)], out.row(rows[at(i)]));
               });
}

}  // namespace quire::ensemble
