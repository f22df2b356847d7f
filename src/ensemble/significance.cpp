#include "quire/ensemble/significance.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace quire {
namespace {

constexpr double kNormal975 = 1.959963984540054;  // quantile .975 of the normal distribution

// log(n!) less Stirling's formula. lgamma would lose as many digits as log(n!) has before the point.
double stirling_error(double n) {
  if (n < 16) {
    return std::lgamma(n + 1) - (n + 0.5) * std::log(n) + n - 0.5 * std::log(2 * std::numbers::pi);
  }
  const double square = n * n;
  return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680) / square) / square) / square) / n;
}

// x log(x / mean) + mean - x without cancellation near x = mean.
double deviance(double x, double mean) {
  const double ratio = (x - mean) / (x + mean);
  if (std::abs(ratio) >= 0.1) return x * std::log(x / mean) + mean - x;
  double sum = (x - mean) * ratio;
  double power = 2 * x * ratio;
  for (int j = 1; j < 1000; ++j) {
    power *= ratio * ratio;
    const double next = sum + power / (2 * j + 1);
    if (next == sum) break;
    sum = next;
  }
  return sum;
}

// Of k heads in n throws of a fair coin, by the saddle-point expansion of Loader, "Fast and accurate
// computation of binomial probabilities" (2000).
double coin_probability(double k, double n) {
  if (k <= 0 || k >= n) return std::exp2(-n);
  const double exponent = stirling_error(n) - stirling_error(k) - stirling_error(n - k) - deviance(k, n / 2) -
                          deviance(n - k, n / 2);
  return std::exp(exponent) * std::sqrt(n / (2 * std::numbers::pi * k * (n - k)));
}

}  // namespace

Interval wilson_interval(std::int64_t successes, std::int64_t count) {
  if (count <= 0) return {};
  const auto n = static_cast<double>(count);
  const double share = static_cast<double>(successes) / n;
  const double square = kNormal975 * kNormal975;
  const double centre = (share + square / (2 * n)) / (1 + square / n);
  const double half =
      kNormal975 * std::sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n);
  return {successes == 0 ? 0 : centre - half, successes == count ? 1 : centre + half};
}

double mcnemar_p(std::int64_t only_first, std::int64_t only_second) {
  const auto n = static_cast<double>(only_first + only_second);
  const auto fewer = static_cast<double>(std::min(only_first, only_second));
  if (2 * fewer >= n - 1) return 1;  // half and half, or as near as an odd number allows
  double term = coin_probability(fewer, n);
  double sum = term;
  // P(k - 1) = P(k) k / (n - k + 1), ever smaller.
  for (double k = fewer; k > 0 && term > sum * 1e-17; --k) {
    term *= k / (n - k + 1);
    sum += term;
  }
  return std::min(1.0, 2 * sum);
}

McNemar mcnemar(std::span<const int> truth, std::span<const int> first, std::span<const int> second) {
  McNemar result;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (first[i] < 0 || second[i] < 0) continue;
    const bool first_right = first[i] == truth[i];
    const bool second_right = second[i] == truth[i];
    if (first_right && !second_right) ++result.only_first;
    if (second_right && !first_right) ++result.only_second;
  }
  result.p = mcnemar_p(result.only_first, result.only_second);
  return result;
}

}  // namespace quire
