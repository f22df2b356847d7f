// Whether a difference is more than chance: intervals of proportions and McNemar's test.
#pragma once

#include <cstdint>
#include <span>

namespace quire {

struct Interval {
  double low = 0;
  double high = 1;
};

// Wilson's score interval of 95 % for `successes` of `count`; [0, 1] of nothing.
[[nodiscard]] Interval wilson_interval(std::int64_t successes, std::int64_t count);

// Two-sided exact p of McNemar's test: that heads and tails of a fair coin differ at least as much as the
// rows only one of two is right on differ from those only the other is. 1 without any.
[[nodiscard]] double mcnemar_p(std::int64_t only_first, std::int64_t only_second);

struct McNemar {
  std::int64_t only_first = 0;   // rows only the first is right on
  std::int64_t only_second = 0;  // rows only the second is right on
  double p = 1;
};

// Over the rows that both predict; a negative class is no prediction.
[[nodiscard]] McNemar mcnemar(std::span<const int> truth, std::span<const int> first,
                              std::span<const int> second);

}  // namespace quire
