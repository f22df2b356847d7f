// Rates of the matrix products of linear layers: ATen in float32 against our bfloat16 kernels.
//
// For each layer of the encoder, with M tokens: the output X W', the input gradient G W and the
// weight gradient G' X. "product" leaves out rounding and packing, "whole" includes what a training
// step does once for it. Prints GFLOP/s; the best of several runs taken in turns.
//
// "In blocks" is how a whole layer multiplies (nn/bf16/bf16_layer.h): outputs to rounded blocks, input
// gradients to float32 rows. The last line is the rate of one tile product over and over, its operands in the
// first-level cache: what the others could reach.
//
//   gemm_bench [tokens = 2048] [seconds per figure = 0.3]
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <limits>
#include <vector>

#include "nn/bf16/bf16_layer_rows.h"
#include "quire/kernels/gemm.h"
#include "quire/nn/aten.h"

namespace {

using namespace quire::kernels;
using Clock = std::chrono::steady_clock;

struct Shape {
  const char* model;
  const char* layer;
  std::int64_t in, out;
};

constexpr Shape kShapes[] = {{"MiniLM", "qkv", 384, 1152},      {"MiniLM", "attention", 384, 384},
                             {"MiniLM", "inner", 384, 1536},    {"MiniLM", "outer", 1536, 384},
                             {"BERT-base", "qkv", 768, 2304},   {"BERT-base", "attention", 768, 768},
                             {"BERT-base", "inner", 768, 3072}, {"BERT-base", "outer", 3072, 768}};

// Seconds of the fastest run of each candidate; runs are taken in turns.
std::vector<double> best_seconds(const std::vector<std::function<void()>>& candidates, double budget) {
  std::vector<double> best(candidates.size(), std::numeric_limits<double>::infinity());
  const Clock::time_point start = Clock::now();
  do {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const Clock::time_point begin = Clock::now();
      candidates[i]();
      best[i] = std::min(best[i], std::chrono::duration<double>(Clock::now() - begin).count());
    }
  } while (std::chrono::duration<double>(Clock::now() - start).count() <
           budget * static_cast<double>(candidates.size()));
  return best;
}

struct Rows {
  Rows(std::int64_t rows, std::int64_t depth)
      : memory(at::zeros({padded_rows(rows) * row_stride(depth)}, at::kBFloat16)),
        view{static_cast<Bf16*>(memory.mutable_data_ptr()), rows, depth, row_stride(depth)} {}
  at::Tensor memory;
  Bf16Rows view;
};

struct Panels {
  Panels(std::int64_t depth, std::int64_t columns)
      : memory(at::zeros({panels_size(depth, columns)}, at::kBFloat16)),
        view{static_cast<Bf16*>(memory.mutable_data_ptr()), depth, columns} {}
  at::Tensor memory;
  Bf16Panels view;
};

// Calls finish(product, row, rows, panel) for all tiles of left times right, blocks of rows on all threads.
template <typename Finish>
void in_blocks(std::int64_t tokens, const Shape& shape, const Bf16Blocks& left, const Bf16Panels& right,
               const Finish& finish) {
  const Bf16Path& path = bf16_path();
  quire::nn::for_row_blocks(
      path, tokens, (shape.in + shape.out) * 2, [&](std::int64_t first, std::int64_t rows) {
        quire::nn::multiply_rows(path, left.left(first), rows, right,
                                 [&](const float* product, std::int64_t row, std::int64_t count,
                                     std::int64_t panel) { finish(product, first + row, count, panel); });
      });
}

// GFLOP/s of `threads` threads at once, each multiplying one tile of depth 256 over and over. Virtual CPUs
// may be two sides of one core, which then share its multiplier: two threads do no more than one.
double tile_rate(int threads, double budget) {
  constexpr std::int64_t kDepth = 256;
  constexpr std::int64_t kTimes = 1000;
  at::set_num_threads(threads);
  const Bf16Path& path = bf16_path();
  const auto multiply_often = [&] {
    at::parallel_for(0, threads, 1, [&](std::int64_t, std::int64_t) {
      thread_local const AlignedMemory memory((kBf16TileRows + kPanelWidth) * kDepth * 2 + kTileSize * 4);
      auto* left = memory.as<Bf16>();
      auto* panel = left + kBf16TileRows * kDepth;
      auto* out = reinterpret_cast<float*>(panel + kPanelWidth * kDepth);
      // Numbers, since products of zeros take less power and so less time.
      for (std::int64_t i = 0; i < kBf16TileRows * kDepth; ++i) {
        left[i] = static_cast<Bf16>(0x3f80 + i * 37 % 128);
        panel[i] = static_cast<Bf16>(0xbf80 + i * 53 % 128);
      }
      const TileSession session(path);
      for (std::int64_t i = 0; i < kTimes; ++i)
        path.multiply_tile({left, kPanelWidth, kTileSize}, kBf16TileRows, panel, kDepth, out, false, {});
    });
  };
  const double seconds = best_seconds({multiply_often}, budget).front();
  return 2e-9 * kTimes * kBf16TileRows * kPanelWidth * kDepth * threads / seconds;
}

void measure(const Shape& shape, std::int64_t tokens, double budget) {
  const at::Tensor x = at::randn({tokens, shape.in});
  const at::Tensor weight = at::randn({shape.out, shape.in});
  const at::Tensor gradient = at::randn({tokens, shape.out});
  at::Tensor y = at::empty({tokens, shape.out});
  at::Tensor grad_x = at::empty_like(x);
  at::Tensor grad_weight = at::empty_like(weight);
  const at::Tensor weight_t = weight.t();
  const at::Tensor gradient_t = gradient.t();
  Rows x_rows(tokens, shape.in);
  Rows weight_rows(shape.out, shape.in);
  Rows gradient_rows(tokens, shape.out);
  Rows gradient_columns(shape.out, tokens);
  Panels forward(shape.in, shape.out);
  Panels backward(shape.out, shape.in);
  Panels x_panels(tokens, shape.in);
  const bool bf16 = bf16_available();
  const auto into = [](const at::Tensor& target) {
    return Epilogue{.kind = Epilogue::Kind::sum,
                    .bias = nullptr,
                    .sum = target.mutable_data_ptr<float>(),
                    .rounded = {},
                    .column_sums = nullptr};
  };
  const auto pack_forward = [&] {
    round_rows(x.const_data_ptr<float>(), x_rows.view);
    round_rows(weight.const_data_ptr<float>(), weight_rows.view);
    pack_transposed(weight_rows.view, forward.view);
  };
  const auto pack_backward = [&] {
    round_rows(gradient.const_data_ptr<float>(), gradient_rows.view);
    pack(weight_rows.view, backward.view);
  };
  const auto pack_weight_gradient = [&] {
    transpose(gradient_rows.view, gradient_columns.view);
    pack(x_rows.view, x_panels.view);
  };
  if (bf16) {
    pack_forward();
    pack_backward();
    pack_weight_gradient();
  }
  using quire::nn::blocks_memory;
  using quire::nn::blocks_view;
  const at::Tensor x_memory = blocks_memory(tokens, shape.in);
  const at::Tensor y_memory = blocks_memory(tokens, shape.out);
  const Bf16Blocks x_blocks = blocks_view(x_memory, shape.in);
  const Bf16Blocks y_blocks = blocks_view(y_memory, shape.out);
  if (bf16) {
    round_to_blocks(x.const_data_ptr<float>(), tokens, x_blocks, 0);
    round_to_blocks(gradient.const_data_ptr<float>(), tokens, y_blocks, 0);
  }
  const auto output_in_blocks = [&] {
    in_blocks(tokens, shape, x_blocks, forward.view,
              [&](const float* product, std::int64_t row, std::int64_t rows, std::int64_t panel) {
                finish_rounded(product, rows, nullptr, y_blocks.tile(row, panel));
              });
  };
  const auto gradient_in_blocks = [&] {
    in_blocks(tokens, shape, y_blocks, backward.view,
              [&](const float* product, std::int64_t row, std::int64_t rows, std::int64_t panel) {
                finish_float(product, rows, nullptr,
                             grad_x.mutable_data_ptr<float>() + row * shape.in + panel * kPanelWidth,
                             shape.in, false);
              });
  };
  struct Product {
    const char* name;
    std::function<void()> aten, packing, bf16, blocks;
  };
  const Product products[] = {
      {"output", [&] { at::mm_out(y, x, weight_t); }, pack_forward,
       [&] { multiply(x_rows.view, forward.view, into(y)); }, output_in_blocks},
      {"input gradient", [&] { at::mm_out(grad_x, gradient, weight); }, pack_backward,
       [&] { multiply(gradient_rows.view, backward.view, into(grad_x)); }, gradient_in_blocks},
      {"weight gradient",
       [&] { at::mm_out(grad_weight, gradient_t, x); },
       pack_weight_gradient,
       [&] { multiply(gradient_columns.view, x_panels.view, into(grad_weight)); },
       {}}};
  const double operations = 2e-9 * static_cast<double>(tokens * shape.in * shape.out);
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    for (const Product& product : products) {
      std::vector<std::function<void()>> candidates = {product.aten};
      if (bf16) {
        candidates.push_back(product.bf16);
        candidates.push_back([&] {
          product.packing();
          product.bf16();
        });
        if (product.blocks) candidates.push_back(product.blocks);
      }
      const std::vector<double> seconds = best_seconds(candidates, budget);
      fmt::print("{:<10} {:<10} {:<16} {:>7}", shape.model, shape.layer, product.name, threads);
      for (const double time : seconds) fmt::print(" {:>12.0f}", operations / time);
      fmt::print("\n");
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const at::NoGradGuard no_grad;
  const std::int64_t tokens = argc > 1 ? std::atol(argv[1]) : 2048;
  const double budget = argc > 2 ? std::atof(argv[2]) : 0.3;
  fmt::print("{} tokens; bfloat16 path: {}\n", tokens, bf16_choice());
  fmt::print("{:<10} {:<10} {:<16} {:>7} {:>12} {:>12} {:>12} {:>12}\n", "model", "layer", "product",
             "threads", "ATen fp32", "bf16 product", "bf16 whole", "in blocks");
  for (const Shape& shape : kShapes) measure(shape, tokens, budget);
  if (!bf16_available()) return 0;
  for (const int threads : {1, 2})
    fmt::print("tiles from the first-level cache, {} threads {:>12.0f}\n", threads,
               tile_rate(threads, budget));
}
