#include "quire/nn/tensor_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include "quire/base/large_memory.h"
#include "quire/nn/aten.h"

namespace quire::nn {
namespace {

void free_large(void* data) { LargeMemory::of_process().free(data); }

class TensorMemory : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    void* data = bytes == 0 ? nullptr : LargeMemory::of_process().allocate(bytes);
    return {data, data, free_large, c10::Device(c10::DeviceType::CPU)};
  }
  [[nodiscard]] c10::DeleterFnPtr raw_deleter() const override { return free_large; }
  void copy_data(void* to, const void* from, std::size_t count) const override {
    default_copy_data(to, from, count);
  }
};

}  // namespace

void use_large_memory() {
  static auto* memory = new TensorMemory;  // never destroyed, like what it gives from
  // Above libtorch's own, which has priority 0.
  c10::SetCPUAllocator(memory, 1);
}

}  // namespace quire::nn
