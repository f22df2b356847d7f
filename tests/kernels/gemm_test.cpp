// bfloat16 products on every path this CPU has, against float32 ATen on operands rounded by ATen.
#include "quire/kernels/gemm.h"

#include <mutex>
#include <set>
#include <thread>

#include "nn/golden.h"
#include "quire/kernels/bf16_blocks.h"

namespace quire::test {
namespace {

// ATen's parallel loop is a template: compiled without OpenMP it runs on the caller's thread alone, and
// every result is still right.
TEST(Threads, AtensParallelLoopUsesThem) {
  const int before = at::get_num_threads();
  at::set_num_threads(2);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  at::parallel_for(0, 2, 1, [&](std::int64_t, std::int64_t) {
    const std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  at::set_num_threads(before);
  EXPECT_EQ(seen.size(), 2U);
}

using kernels::Bf16;
using kernels::Bf16Panels;
using kernels::Bf16Path;
using kernels::Bf16Rows;
using kernels::Epilogue;

at::Tensor rounded(const at::Tensor& x) { return x.to(at::kBFloat16).to(at::kFloat); }

Bf16* data_of(const at::Tensor& memory) { return static_cast<Bf16*>(memory.mutable_data_ptr()); }

// Memory starts as NaN, so that padding that is never written shows.
at::Tensor poisoned(std::int64_t size) {
  return at::full({size}, std::numeric_limits<double>::quiet_NaN(), at::kBFloat16);
}

struct Rows {
  Rows(std::int64_t rows, std::int64_t depth)
      : memory(poisoned(kernels::padded_rows(rows) * kernels::row_stride(depth))),
        view{data_of(memory), rows, depth, kernels::row_stride(depth)} {}
  explicit Rows(const at::Tensor& x, float* sums = nullptr) : Rows(x.size(0), x.size(1)) {
    kernels::round_rows(x.contiguous().const_data_ptr<float>(), view, sums);
  }
  [[nodiscard]] at::Tensor values() const {
    return memory.view({-1, view.stride}).narrow(0, 0, view.rows).narrow(1, 0, view.depth).to(at::kFloat);
  }
  at::Tensor memory;
  Bf16Rows view;
};

struct Panels {
  Panels(std::int64_t depth, std::int64_t columns)
      : memory(poisoned(kernels::panels_size(depth, columns))), view{data_of(memory), depth, columns} {}
  at::Tensor memory;
  Bf16Panels view;
};

struct Shape {
  std::int64_t tokens, in, out;
};

const std::vector<Shape> kShapes = {{1, 1, 1},    {1, 384, 33},  {15, 31, 17},   {17, 33, 100},
                                    {33, 65, 31}, {97, 512, 40}, {500, 256, 95}, {2047, 40, 129}};

class Bf16Products : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    at::manual_seed(1);
    for (const Bf16Path* path : kernels::available_bf16_paths()) {
      if (path->name == GetParam()) path_ = path;
    }
    if (path_ == nullptr || !kernels::bf16_available()) {
      QUIRE_SKIP(GetParam() == "amx" ? "AMX" : "bf16", kernels::bf16_choice());
    }
  }
  [[nodiscard]] at::Tensor product(Bf16Rows left, Bf16Panels right, const at::Tensor& bias = {}) const {
    at::Tensor result = at::empty({left.rows, right.columns});
    Epilogue epilogue;
    epilogue.bias = bias.defined() ? bias.const_data_ptr<float>() : nullptr;
    epilogue.sum = result.mutable_data_ptr<float>();
    kernels::multiply(left, right, epilogue, *path_);
    return result;
  }

 private:
  const Bf16Path* path_ = nullptr;
};

TEST_P(Bf16Products, RoundLikeATen) {
  const at::Tensor x = at::randn({37, 45}) * at::pow(10, at::randn({37, 45}) * 3);
  x[0][0] = std::numeric_limits<float>::infinity();
  x[0][1] = 1.00390625F;  // halfway: to even
  x[0][2] = 1.01171875F;
  x[0][3] = 3.4e38F;
  EXPECT_TRUE(at::equal(Rows(x).values(), rounded(x)));
  x[0][0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(Rows(x).values()[0][0].isnan().item<bool>());
}

TEST_P(Bf16Products, TransposeIsExact) {
  for (const Shape& shape : kShapes) {
    const at::Tensor x = at::randn({shape.tokens, shape.out});
    Rows columns(shape.out, shape.tokens);
    kernels::transpose(Rows(x).view, columns.view);
    EXPECT_TRUE(at::equal(columns.values(), rounded(x).t())) << shape.tokens << " x " << shape.out;
  }
}

TEST_P(Bf16Products, AWeightPackedBothWaysAtOnceIsTheTwoPackings) {
  constexpr std::int64_t kOut = 96;
  constexpr std::int64_t kIn = 64;
  const at::Tensor weight = at::randn({kOut, kIn});
  const Rows rows(weight);
  const Panels forward(kIn, kOut);
  const Panels backward(kOut, kIn);
  for (std::int64_t row = 0; row < kOut; row += kernels::kPanelWidth)
    kernels::pack_weight_rows(weight.const_data_ptr<float>(), row, kOut, kIn, forward.view, backward.view);
  const Panels expected_forward(kIn, kOut);
  const Panels expected_backward(kOut, kIn);
  kernels::pack_transposed(rows.view, expected_forward.view);
  kernels::pack(rows.view, expected_backward.view);
  EXPECT_TRUE(at::equal(forward.memory, expected_forward.memory));
  EXPECT_TRUE(at::equal(backward.memory, expected_backward.memory));
}

TEST_P(Bf16Products, OutputsEqualATens) {
  for (const Shape& shape : kShapes) {
    const at::Tensor x = at::randn({shape.tokens, shape.in});
    const at::Tensor weight = at::randn({shape.out, shape.in});
    const at::Tensor bias = at::randn({shape.out});
    Panels panels(shape.in, shape.out);
    kernels::pack_transposed(Rows(weight).view, panels.view);
    EXPECT_LE(relative_error(product(Rows(x).view, panels.view, bias),
                             at::addmm(bias, rounded(x), rounded(weight).t())),
              1e-6)
        << shape.tokens << ", " << shape.in << ", " << shape.out;
  }
}

TEST_P(Bf16Products, GradientsEqualATens) {
  for (const Shape& shape : kShapes) {
    const at::Tensor x = at::randn({shape.tokens, shape.in});
    const at::Tensor weight = at::randn({shape.out, shape.in});
    const at::Tensor gradient = at::randn({shape.tokens, shape.out});
    at::Tensor sums = at::empty({shape.out});
    const Rows gradient_rows(gradient, sums.mutable_data_ptr<float>());
    EXPECT_LE(relative_error(sums, gradient.sum(0)), 1e-5);
    Panels weight_panels(shape.out, shape.in);
    kernels::pack(Rows(weight).view, weight_panels.view);
    EXPECT_LE(relative_error(product(gradient_rows.view, weight_panels.view),
                             at::mm(rounded(gradient), rounded(weight))),
              1e-6)
        << shape.tokens << ", " << shape.in << ", " << shape.out;
    Rows columns(shape.out, shape.tokens);
    kernels::transpose(gradient_rows.view, columns.view);
    Panels x_panels(shape.tokens, shape.in);
    kernels::pack(Rows(x).view, x_panels.view);
    EXPECT_LE(relative_error(product(columns.view, x_panels.view), at::mm(rounded(gradient).t(), rounded(x))),
              1e-6)
        << shape.tokens << ", " << shape.in << ", " << shape.out;
  }
}

TEST_P(Bf16Products, DoNotDependOnTheNumberOfThreads) {
  const at::Tensor x = at::randn({700, 100});
  const at::Tensor weight = at::randn({300, 100});
  const auto run = [&](int threads) {
    at::set_num_threads(threads);
    at::Tensor sums = at::empty({100});
    const Rows rows(x, sums.mutable_data_ptr<float>());
    Panels panels(100, 300);
    kernels::pack_transposed(Rows(weight).view, panels.view);
    return std::pair(product(rows.view, panels.view), sums);
  };
  const int before = at::get_num_threads();
  const auto one = run(1);
  const auto two = run(2);
  const auto three = run(3);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one.first, two.first) && at::equal(one.second, two.second));
  EXPECT_TRUE(at::equal(one.first, three.first) && at::equal(one.second, three.second));
}

INSTANTIATE_TEST_SUITE_P(Kernels, Bf16Products, ::testing::Values("avx512_bf16", "amx"),
                         [](const auto& path) { return path.param; });

}  // namespace
}  // namespace quire::test
