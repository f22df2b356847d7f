// Sums and updates of long vectors, in parallel and in an order that does not depend on the threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "linear/loops.h"
#include "quire/base/threads.h"

namespace quire::linear {

// Vectors are cut into pieces of this many elements, whatever the number of threads.
inline constexpr std::int64_t kPiece = 1 << 15;

// body(begin, end, piece) over [0, count).
template <typename Body>
void for_pieces(std::int64_t count, int threads, const Body& body) {
  parallel_for((count + kPiece - 1) / kPiece, 4, threads, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t piece = first; piece < last; ++piece) {
      body(piece * kPiece, std::min((piece + 1) * kPiece, count), piece);
    }
  });
}

template <typename T>
[[nodiscard]] double dot(std::span<const T> a, std::span<const double> b, int threads) {
  const auto count = static_cast<std::int64_t>(a.size());
  std::vector<double> sums(static_cast<std::size_t>((count + kPiece - 1) / kPiece));
  for_pieces(count, threads, [&](std::int64_t begin, std::int64_t end, std::int64_t piece) {
    double sum = 0;
    if constexpr (std::is_same_v<T, float>) {
      sum = loops().dot_float(a.data() + begin, b.data() + begin, end - begin);
    } else {
      sum = loops().dot(a.data() + begin, b.data() + begin, end - begin);
    }
    sums[static_cast<std::size_t>(piece)] = sum;
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

// y += a * x
template <typename T>
void axpy(double a, std::span<const T> x, std::span<double> y, int threads) {
  for_pieces(static_cast<std::int64_t>(x.size()), threads,
             [&](std::int64_t begin, std::int64_t end, std::int64_t) {
               if constexpr (std::is_same_v<T, float>) {
                 loops().axpy_float(a, x.data() + begin, y.data() + begin, end - begin);
               } else {
                 loops().axpy(a, x.data() + begin, y.data() + begin, end - begin);
               }
             });
}

[[nodiscard]] inline double largest(std::span<const double> x, int threads) {
  const auto count = static_cast<std::int64_t>(x.size());
  std::vector<double> found(static_cast<std::size_t>((count + kPiece - 1) / kPiece));
  for_pieces(count, threads, [&](std::int64_t begin, std::int64_t end, std::int64_t piece) {
    double most = 0;
    for (std::int64_t i = begin; i < end; ++i)
      most = std::max(most, std::abs(x[static_cast<std::size_t>(i)]));
    found[static_cast<std::size_t>(piece)] = most;
  });
  return found.empty() ? 0 : *std::ranges::max_element(found);
}

}  // namespace quire::linear
