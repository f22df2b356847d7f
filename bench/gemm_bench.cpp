// Rates of the matrix products of linear layers: ATen in float32 against our bfloat16 kernels.
//
// For each layer of the encoder, with M tokens: the output X W', the input gradient G W and the
// weight gradient G' X. "product" leaves out rounding and packing, "whole" includes what a training
// step does once for it. Prints GFLOP/s; the best of several runs taken in turns.
//
//   gemm_bench [tokens = 2048] [seconds per figure = 0.3]
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <limits>
#include <vector>

#include "nn/aten.h"
#include "quire/kernels/gemm.h"

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
  struct Product {
    const char* name;
    std::function<void()> aten, packing, bf16;
  };
  const Product products[] = {
      {"output", [&] { at::mm_out(y, x, weight_t); }, pack_forward,
       [&] { multiply(x_rows.view, forward.view, into(y)); }},
      {"input gradient", [&] { at::mm_out(grad_x, gradient, weight); }, pack_backward,
       [&] { multiply(gradient_rows.view, backward.view, into(grad_x)); }},
      {"weight gradient", [&] { at::mm_out(grad_weight, gradient_t, x); }, pack_weight_gradient,
       [&] { multiply(gradient_columns.view, x_panels.view, into(grad_weight)); }}};
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
  fmt::print("{:<10} {:<10} {:<16} {:>7} {:>12} {:>12} {:>12}\n", "model", "layer", "product", "threads",
             "ATen fp32", "bf16 product", "bf16 whole");
  for (const Shape& shape : kShapes) measure(shape, tokens, budget);
}
