#include "linear/loops.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace quire::linear {
namespace {

// Written once and inlined into a function for each instruction set, where the compiler vectorises it.
// Sums run in kLanes partial sums that are added in a fixed order.
constexpr std::int64_t kLanes = 8;

template <typename T>
[[gnu::always_inline]] inline void add_scaled(double a, const T* __restrict__ x, double* __restrict__ y,
                                              std::int64_t width) {
  for (std::int64_t k = 0; k < width; ++k) y[k] += a * static_cast<double>(x[k]);
}

// Four rows at a time: the sums are loaded and stored once for all four.
template <typename T>
[[gnu::always_inline]] inline void add_four(const double* a, const T* __restrict__ x0,
                                            const T* __restrict__ x1, const T* __restrict__ x2,
                                            const T* __restrict__ x3, double* __restrict__ y,
                                            std::int64_t width) {
  for (std::int64_t k = 0; k < width; ++k) {
    y[k] += (a[0] * static_cast<double>(x0[k]) + a[1] * static_cast<double>(x1[k])) +
            (a[2] * static_cast<double>(x2[k]) + a[3] * static_cast<double>(x3[k]));
  }
}

template <typename T>
[[gnu::always_inline]] inline void add_sparse(const std::int32_t* columns, const float* values,
                                              std::int64_t count, const T* table, std::int64_t width,
                                              double* sums) {
  // Rows of the table that come soon: they are far apart and the hardware cannot guess them.
  constexpr std::int64_t kAhead = 8;
  const auto row = [&](std::int64_t j) { return table + columns[j] * width; };
  std::int64_t j = 0;
  for (; j + 4 <= count; j += 4) {
    for (std::int64_t next = j + kAhead; next < std::min(j + kAhead + 4, count); ++next) {
      for (std::int64_t k = 0; k < width; k += 8) __builtin_prefetch(row(next) + k);
    }
    const double a[4] = {values[j], values[j + 1], values[j + 2], values[j + 3]};
    add_four(a, row(j), row(j + 1), row(j + 2), row(j + 3), sums, width);
  }
  for (; j < count; ++j) add_scaled(static_cast<double>(values[j]), row(j), sums, width);
}

template <typename T>
[[gnu::always_inline]] inline void add_dense(const float* values, std::int64_t count, const T* table,
                                             std::int64_t width, double* sums) {
  std::int64_t j = 0;
  for (; j + 4 <= count; j += 4) {
    const T* const row = table + j * width;
    const double a[4] = {values[j], values[j + 1], values[j + 2], values[j + 3]};
    add_four(a, row, row + width, row + 2 * width, row + 3 * width, sums, width);
  }
  for (; j < count; ++j) add_scaled(static_cast<double>(values[j]), table + j * width, sums, width);
}

[[gnu::always_inline]] inline void add_outer(const float* values, std::int64_t stride, std::int64_t rows,
                                             std::int64_t count, const double* table, std::int64_t width,
                                             double* sums) {
  std::int64_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    const double* const row = table + i * width;
    const float* const value = values + i * stride;
    for (std::int64_t j = 0; j < count; ++j) {
      const double a[4] = {value[j], value[stride + j], value[2 * stride + j], value[3 * stride + j]};
      add_four(a, row, row + width, row + 2 * width, row + 3 * width, sums + j * width, width);
    }
  }
  for (; i < rows; ++i) {
    for (std::int64_t j = 0; j < count; ++j) {
      add_scaled(static_cast<double>(values[i * stride + j]), table + i * width, sums + j * width, width);
    }
  }
}

template <typename T>
[[gnu::always_inline]] inline double dot(const T* a, const double* b, std::int64_t count) {
  double sums[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      sums[lane] += static_cast<double>(a[i + lane]) * b[i + lane];
    }
  }
  for (; i < count; ++i) sums[0] += static_cast<double>(a[i]) * b[i];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

template <typename T>
[[gnu::always_inline]] inline void axpy(double a, const T* __restrict__ x, double* __restrict__ y,
                                        std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) y[i] += a * static_cast<double>(x[i]);
}

// NOLINTBEGIN(bugprone-macro-parentheses): TARGET is an attribute or nothing.
#define QUIRE_LOOPS(NAME, TARGET)                                                                           \
  struct NAME {                                                                                             \
    TARGET static void sparse(const std::int32_t* columns, const float* values, std::int64_t count,         \
                              const double* table, std::int64_t width, double* sums) {                      \
      add_sparse(columns, values, count, table, width, sums);                                               \
    }                                                                                                       \
    TARGET static void sparse_float(const std::int32_t* columns, const float* values, std::int64_t count,   \
                                    const float* table, std::int64_t width, double* sums) {                 \
      add_sparse(columns, values, count, table, width, sums);                                               \
    }                                                                                                       \
    TARGET static void dense(const float* values, std::int64_t count, const double* table,                  \
                             std::int64_t width, double* sums) {                                            \
      add_dense(values, count, table, width, sums);                                                         \
    }                                                                                                       \
    TARGET static void dense_float(const float* values, std::int64_t count, const float* table,             \
                                   std::int64_t width, double* sums) {                                      \
      add_dense(values, count, table, width, sums);                                                         \
    }                                                                                                       \
    TARGET static void outer(const float* values, std::int64_t stride, std::int64_t rows,                   \
                             std::int64_t count, const double* table, std::int64_t width, double* sums) {   \
      add_outer(values, stride, rows, count, table, width, sums);                                           \
    }                                                                                                       \
    TARGET static double product(const double* a, const double* b, std::int64_t n) { return dot(a, b, n); } \
    TARGET static double product_float(const float* a, const double* b, std::int64_t n) {                   \
      return dot(a, b, n);                                                                                  \
    }                                                                                                       \
    TARGET static void add(double a, const double* x, double* y, std::int64_t n) { axpy(a, x, y, n); }      \
    TARGET static void add_float(double a, const float* x, double* y, std::int64_t n) { axpy(a, x, y, n); } \
    static constexpr Loops kTable = {sparse,  dense,         outer, sparse_float, dense_float,              \
                                     product, product_float, add,   add_float};                             \
  }

QUIRE_LOOPS(Baseline, );
#if defined(__x86_64__)
QUIRE_LOOPS(Avx2, [[gnu::target("avx2,fma")]]);
QUIRE_LOOPS(Avx512, [[gnu::target("avx512f,avx512vl,avx512dq,avx2,fma,prefer-vector-width=512")]]);
#endif
#undef QUIRE_LOOPS
// NOLINTEND(bugprone-macro-parentheses)

const Loops& choose() {
#if defined(__x86_64__)
  const char* wanted = std::getenv("QUIRE_ISA");
  const std::string_view limit = wanted == nullptr ? "" : wanted;
  if (limit == "baseline") return Baseline::kTable;
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") &&
                          __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (has_avx512 && limit != "avx2") return Avx512::kTable;
  if (has_avx2) return Avx2::kTable;
#endif
  return Baseline::kTable;
}

}  // namespace

const Loops& loops() {
  static const Loops& chosen = choose();
  return chosen;
}

}  // namespace quire::linear
