// Layers of prediction: 8-bit products on every path this CPU has against plain integers, and whole
// layers against ATen.
#include "quire/kernels/fixed_weight.h"

#include <numeric>

#include "nn/golden.h"
#include "nn/ops/packed_weights.h"
#include "quire/base/random.h"
#include "quire/kernels/gemm.h"
#include "quire/kernels/int8.h"

namespace quire::test {
namespace {

using kernels::AlignedMemory;
using kernels::Finish;
using kernels::FixedWeight;
using kernels::Int8Path;
using kernels::kPanelWidth;
using kernels::WeightFormat;

class Int8Products : public ::testing::TestWithParam<const Int8Path*> {};

TEST_P(Int8Products, EqualPlainIntegers) {
  Random random(1, Purpose::test, 5);
  for (const std::int64_t depth : {64, 128, 1536}) {
    for (std::int64_t rows = 1; rows <= GetParam()->tile_rows; ++rows) {
      const AlignedMemory left_memory((kernels::padded_rows(rows) + 32) * depth);
      const AlignedMemory panel_memory(depth * kPanelWidth);
      auto* left = left_memory.as<std::uint8_t>();
      auto* panel = panel_memory.as<std::int8_t>();
      // Numbers of all sizes, among them the largest sums there are.
      for (std::int64_t i = 0; i < rows * depth; ++i)
        left[i] = i < depth ? 255 : static_cast<std::uint8_t>(random.below(256));
      for (std::int64_t i = 0; i < depth * kPanelWidth; ++i)
        panel[i] =
            static_cast<std::int8_t>(i / 4 % kPanelWidth == 0   ? 127
                                     : i / 4 % kPanelWidth == 1 ? -128
                                                                : static_cast<int>(random.below(256)) - 128);
      std::vector<std::int32_t> found(static_cast<std::size_t>(kernels::padded_rows(rows) * kPanelWidth));
      const kernels::TileSession session(*GetParam());
      GetParam()->multiply_tile(left, depth, rows, panel, depth, found.data());
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t c = 0; c < kPanelWidth; ++c) {
          std::int32_t expected = 0;
          for (std::int64_t k = 0; k < depth; ++k)
            expected += left[r * depth + k] * panel[(k / 4 * kPanelWidth + c) * 4 + k % 4];
          ASSERT_EQ(found[static_cast<std::size_t>(r * kPanelWidth + c)], expected)
              << rows << " x " << depth << " at " << r << ", " << c;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, Int8Products, ::testing::ValuesIn(kernels::available_int8_paths()),
                         [](const auto& path) { return path.param->name; });

struct Shape {
  std::int64_t rows, in, out;
};

const std::vector<Shape> kShapes = {{1, 1, 1},    {1, 384, 33},  {13, 31, 17},   {25, 33, 100},
                                    {33, 65, 31}, {97, 512, 40}, {50, 1024, 95}, {100, 40, 129}};

class WeightFormats : public ::testing::TestWithParam<WeightFormat> {
 protected:
  void SetUp() override {
    at::manual_seed(6);
    if (!kernels::has_weight_format(GetParam())) QUIRE_SKIP("bf16", kernels::bf16_choice());
  }
  static nn::Linear random_layer(const Shape& shape) {
    nn::Linear layer;
    layer.weight = at::randn({shape.out, shape.in}) / std::sqrt(static_cast<double>(shape.in));
    layer.bias = at::randn({shape.out});
    return layer;
  }
  // What the layer should give, in ATen's operations.
  static at::Tensor expected(const at::Tensor& x, const nn::Linear& layer) {
    const auto rounded = [](const at::Tensor& y) { return y.to(at::kBFloat16).to(at::kFloat); };
    if (GetParam() == WeightFormat::int8) return nn::int8_linear(x, layer);
    if (GetParam() == WeightFormat::bf16) return at::addmm(layer.bias, rounded(x), rounded(layer.weight).t());
    return at::addmm(layer.bias, x, layer.weight.t());
  }
  static FixedWeight pack(const nn::Linear& layer) {
    return {layer.weight.const_data_ptr<float>(), layer.weight.size(0), layer.weight.size(1), GetParam()};
  }
  static at::Tensor multiply(const FixedWeight& weight, const at::Tensor& x, const at::Tensor& bias,
                             Finish finish) {
    at::Tensor result = at::full({x.size(0), weight.outputs()}, std::numeric_limits<double>::quiet_NaN());
    weight.multiply(x.const_data_ptr<float>(), x.size(0),
                    bias.defined() ? bias.const_data_ptr<float>() : nullptr, finish,
                    result.mutable_data_ptr<float>());
    return result;
  }
};

TEST_P(WeightFormats, GiveWhatTheirTwinsGive) {
  for (const Shape& shape : kShapes) {
    const nn::Linear layer = random_layer(shape);
    const FixedWeight weight = pack(layer);
    const at::Tensor x = at::randn({shape.rows, shape.in}) * 3 + 1;
    const at::Tensor sum = expected(x, layer);
    // An integer half way between two may go to either: one part in 255 of one of the numbers.
    const double tolerance = GetParam() == WeightFormat::int8 ? 1e-3 : 1e-6;
    EXPECT_LE(relative_error(multiply(weight, x, layer.bias, Finish::none), sum), tolerance)
        << shape.rows << ", " << shape.in << ", " << shape.out;
    EXPECT_LE(relative_error(multiply(weight, x, layer.bias, Finish::gelu), at::gelu(sum)), tolerance)
        << shape.rows << ", " << shape.in << ", " << shape.out;
    EXPECT_LE(relative_error(multiply(weight, x, {}, Finish::none), sum - layer.bias), 10 * tolerance);
  }
}

TEST_P(WeightFormats, ARowDoesNotDependOnItsBlock) {
  const nn::Linear layer = random_layer({64, 100, 70});
  const FixedWeight weight = pack(layer);
  const at::Tensor x = at::randn({64, 100});
  const at::Tensor together = multiply(weight, x, layer.bias, Finish::gelu);
  for (std::int64_t row = 0; row < 64; ++row) {
    EXPECT_TRUE(at::equal(multiply(weight, x.narrow(0, row, 1), layer.bias, Finish::gelu)[0], together[row]))
        << row;
  }
}

TEST_P(WeightFormats, RowsAndWeightsOfZerosGiveTheBias) {
  const nn::Linear layer = random_layer({3, 40, 50});
  layer.weight[7].zero_();
  const FixedWeight weight = pack(layer);
  const at::Tensor x = at::randn({3, 40});
  x[1].zero_();
  const at::Tensor result = multiply(weight, x, layer.bias, Finish::none);
  EXPECT_TRUE(at::equal(result[1], layer.bias));
  EXPECT_TRUE(at::equal(result.select(1, 7), layer.bias[7].expand({3})));
}

INSTANTIATE_TEST_SUITE_P(Kernels, WeightFormats,
                         ::testing::Values(WeightFormat::fp32, WeightFormat::bf16, WeightFormat::int8),
                         [](const auto& format) {
                           return format.param == WeightFormat::fp32   ? "fp32"
                                  : format.param == WeightFormat::bf16 ? "bf16"
                                                                       : "int8";
                         });

// Per row and output the error is at most half a step of either, so about one part in 200 of the norm.
TEST(Int8, StaysNearFp32) {
  at::manual_seed(7);
  nn::Linear layer;
  layer.weight = at::randn({256, 384});
  layer.bias = at::zeros({256});
  const at::Tensor x = at::randn({100, 384});
  const double error = relative_error(nn::int8_linear(x, layer), at::mm(x, layer.weight.t()));
  EXPECT_GT(error, 1e-3);
  EXPECT_LE(error, 1.2e-2);
}

}  // namespace
}  // namespace quire::test
