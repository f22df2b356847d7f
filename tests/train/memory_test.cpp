// Memory over a thousand steps.
#include <malloc.h>

#include "quire/base/large_memory.h"
#include "quire/kernels/gemm.h"
#include "quire/nn/tensor_memory.h"
#include "quire/train/loop.h"
#include "train/tiny_task.h"

namespace quire::test {
namespace {

class SteadyMemory : public testing::TestWithParam<nn::Precision> {};

struct Memory {
  std::size_t reserved, used, small;
};

Memory after_epochs(std::int64_t epochs, const Task& task, nn::Precision precision) {
  FitOptions options = quick_options();
  options.epochs = epochs;
  options.batch_size = 16;
  {
    // Wide enough that its activations are not malloc's.
    nn::Classifier model = tiny_model(3, {.precision = precision}, 128);
    fit(model, task, options);
  }
  const LargeMemory& memory = LargeMemory::of_process();
  return {memory.reserved(), memory.used(), ::mallinfo2().uordblks};
}

TEST_P(SteadyMemory, IsReusedFromStepToStep) {
  if (GetParam() == nn::Precision::bf16 && !kernels::bf16_available())
    QUIRE_SKIP("bf16", kernels::bf16_choice());
  nn::use_large_memory();
  const Task task(200);
  const Memory few = after_epochs(2, task, GetParam());  // 20 steps
  EXPECT_GT(few.reserved, 0U);
  const Memory many = after_epochs(100, task, GetParam());  // 1,000 steps
  EXPECT_EQ(many.reserved, few.reserved);
  EXPECT_EQ(many.used, few.used);
  // The log of the epochs is gone with the result; a leak of one small tensor a step would be over 100 KB.
  EXPECT_LT(static_cast<double>(many.small), static_cast<double>(few.small) + 50e3);
}

INSTANTIATE_TEST_SUITE_P(Precisions, SteadyMemory, testing::Values(nn::Precision::fp32, nn::Precision::bf16),
                         [](const testing::TestParamInfo<nn::Precision>& which) {
                           return which.param == nn::Precision::fp32 ? "fp32" : "bf16";
                         });

}  // namespace
}  // namespace quire::test
