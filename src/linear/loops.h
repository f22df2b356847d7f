// The inner loops of linear models, in versions for several instruction sets.
#pragma once

#include <cstdint>

namespace quire::linear {

// `width` doubles lie behind every feature and every row: one for each class, then zeros up to a
// multiple of four.
struct Loops {
  // sums[k] += values[j] * table[columns[j] * width + k]
  void (*add_sparse)(const std::int32_t* columns, const float* values, std::int64_t count,
                     const double* table, std::int64_t width, double* sums);
  // sums[k] += values[j] * table[j * width + k]
  void (*add_dense)(const float* values, std::int64_t count, const double* table, std::int64_t width,
                    double* sums);
  // sums[j * width + k] += sum over i of values[i * stride + j] * table[i * width + k]
  void (*add_outer)(const float* values, std::int64_t stride, std::int64_t rows, std::int64_t count,
                    const double* table, std::int64_t width, double* sums);
  // add_sparse and add_dense over a table in single precision.
  void (*add_sparse_float)(const std::int32_t* columns, const float* values, std::int64_t count,
                           const float* table, std::int64_t width, double* sums);
  void (*add_dense_float)(const float* values, std::int64_t count, const float* table, std::int64_t width,
                          double* sums);
  double (*dot)(const double* a, const double* b, std::int64_t count);
  double (*dot_float)(const float* a, const double* b, std::int64_t count);
  // y += a * x
  void (*axpy)(double a, const double* x, double* y, std::int64_t count);
  void (*axpy_float)(double a, const float* x, double* y, std::int64_t count);
};

// The widest this CPU runs, or what QUIRE_ISA (baseline, avx2, avx512) allows.
[[nodiscard]] const Loops& loops();

}  // namespace quire::linear
