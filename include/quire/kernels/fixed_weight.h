// Linear layers of prediction: a weight packed once, applied to a block of rows by one thread.
//
// The products of gemm.h take all threads and leave whole matrices in memory between two of them. Here
// a caller gives each thread a block of rows and takes it through several layers in the core's cache.
// A row's result depends neither on the block it is in nor on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace quire::kernels {

enum class WeightFormat {
  fp32,  // as it is; AVX-512
  bf16,  // operands rounded to bfloat16, sums in float32; where bf16_available()
  // 8-bit integers: of the weight with a scale for each output, of x with a scale and an offset for
  // each row, found when it comes. Sums are exact. On any CPU; fast on those of int8.h.
  int8,
};

// Whether this CPU, and QUIRE_ISA, have kernels for it.
[[nodiscard]] bool has_weight_format(WeightFormat format);

// Memory aligned to 64 bytes, of numbers.
class AlignedMemory {
 public:
  AlignedMemory() = default;
  explicit AlignedMemory(std::int64_t bytes);
  template <typename T>
  [[nodiscard]] T* as() const {
    return reinterpret_cast<T*>(data_.get());
  }
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(std::byte* data) const;
  };
  std::unique_ptr<std::byte, Free> data_;
  std::int64_t bytes_ = 0;
};

enum class Finish { none, gelu };  // the exact GELU (Hendrycks and Gimpel 2016)

class FixedWeight {
 public:
  // weight [out, in]. The format must be available.
  FixedWeight(const float* weight, std::int64_t out, std::int64_t in, WeightFormat format);

  // result = finish(x weight' + bias): x [rows, in], bias [out] or null, result [rows, out]; all
  // contiguous, result not x. Safe from several threads at once.
  void multiply(const float* x, std::int64_t rows, const float* bias, Finish finish, float* result) const;

  [[nodiscard]] std::int64_t outputs() const { return out_; }
  [[nodiscard]] std::int64_t inputs() const { return in_; }

 private:
  void pack_fp32(const float* weight);
  void pack_bf16(const float* weight);
  void pack_int8(const float* weight);
  [[nodiscard]] std::int64_t panels() const;

  std::int64_t out_, in_;
  WeightFormat format_;
  AlignedMemory data_;
  // int8: of each output, what turns its integers into numbers, and the sum of its integers.
  AlignedMemory scales_, sums_;
};

}  // namespace quire::kernels
