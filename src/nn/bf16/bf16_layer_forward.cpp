#include "nn/bf16/bf16_layer_parts.h"
#include "quire/base/profile.h"
#include "quire/kernels/kernels.h"

namespace quire::nn {
namespace {

// dropout + residual + norm of a block's rows.
struct NormRows {
  const DropoutPlan& plan;
  const PackedNorm& norm;
  float epsilon;
  at::Tensor sum, stats;  // [T, H], [2, T]

  void operator()(std::int64_t first, std::int64_t rows, const float* x, const float* residual,
                  float* out) const {
    const std::int64_t width = sum.size(1);
    const std::int64_t tokens = sum.size(0);
    thread_local std::vector<float> multipliers;
    multipliers.resize(static_cast<std::size_t>(width));
    auto* sums = sum.mutable_data_ptr<float>();
    auto* means = stats.mutable_data_ptr<float>();
    const float* gamma = floats(norm.gamma);
    const float* beta = floats(norm.beta);
    for (std::int64_t r = 0; r < rows; ++r) {
      if (plan.active()) plan.fill_row(first + r, multipliers);
      kernels::table().add_layer_norm(x + r * width, plan.active() ? multipliers.data() : nullptr,
                                      residual + r * width, gamma, beta, epsilon, width,
                                      sums + (first + r) * width, out + r * width, means + first + r,
                                      means + tokens + first + r);
    }
  }
};

class Forward {
 public:
  Forward(const LayerTensors& layer, const LayerWork& work, LayerTape& tape)
      : layer_(layer),
        work_(work),
        tape_(tape),
        path_(kernels::bf16_path()),
        tokens_(tape.x.size(0)),
        hidden_(tape.x.size(1)),
        inner_(layer.intermediate.weight.size(0)) {
    const auto floats_like = [&](at::IntArrayRef shape) { return at::empty(shape, tape.x.options()); };
    tape.query_key_value = blocks_memory(tokens_, 3 * hidden_);
    tape.kept = work.heads.kept_memory();
    tape.softmax = floats_like({work.heads.heads, tokens_, 2});
    tape.context = blocks_memory(tokens_, hidden_);
    tape.attention_sum = floats_like({tokens_, hidden_});
    tape.output_sum = floats_like({tokens_, hidden_});
    tape.attention_stats = floats_like({2, tokens_});
    tape.output_stats = floats_like({2, tokens_});
    tape.attended = blocks_memory(tokens_, hidden_);
    tape.inner = blocks_memory(tokens_, inner_);
  }

  at::Tensor run() {
    project();
    attend();
    return finish();
  }

 private:
  void project() const {
    const Span span("projections forward", product_operations(tokens_, layer_.query_key_value));
    const Bf16Blocks out = blocks_view(tape_.query_key_value, 3 * hidden_);
    const float* bias = floats(layer_.query_key_value.bias);
    for_row_blocks(path_, tokens_, hidden_ * 2, [&](std::int64_t first, std::int64_t rows) {
      const std::int64_t height = to_tiles(rows);
      ThreadMemory memory(height * hidden_ * 2);
      const Bf16Blocks x{memory.take<Bf16>(height * hidden_), height, hidden_};
      kernels::round_to_blocks(floats(tape_.x) + first * hidden_, rows, x, 0);
      multiply_rows(path_, x.left(0), rows, layer_.query_key_value.forward,
                    [&](const float* product, std::int64_t row, std::int64_t count, std::int64_t panel) {
                      kernels::finish_rounded(product, count, bias + panel * kPanelWidth,
                                              out.tile(first + row, panel));
                    });
    });
  }

  void attend() const {
    const Span span("attention forward");
    work_.heads.attend(path_, blocks_view(tape_.query_key_value, 3 * hidden_),
                       blocks_view(tape_.context, hidden_), tape_.kept, tape_.softmax);
  }

  // From the context to the layer's output.
  [[nodiscard]] at::Tensor finish() const {
    const Span span("layer rows forward", product_operations(tokens_, layer_.attention_output) +
                                              product_operations(tokens_, layer_.intermediate) +
                                              product_operations(tokens_, layer_.output));
    at::Tensor result = at::empty_like(tape_.x);
    auto* results = result.mutable_data_ptr<float>();
    const Bf16Blocks context = blocks_view(tape_.context, hidden_);
    const Bf16Blocks attended = blocks_view(tape_.attended, hidden_);
    const Bf16Blocks inner = blocks_view(tape_.inner, inner_);
    const NormRows attention_norm{*work_.attention_plan, layer_.attention_norm, work_.epsilon,
                                  tape_.attention_sum, tape_.attention_stats};
    const NormRows output_norm{*work_.output_plan, layer_.output_norm, work_.epsilon, tape_.output_sum,
                               tape_.output_stats};
    const std::int64_t row_bytes = hidden_ * 8 + inner_ * 2;
    for_row_blocks(path_, tokens_, row_bytes, [&](std::int64_t first, std::int64_t rows) {
      const std::int64_t height = to_tiles(rows);
      ThreadMemory memory(height * row_bytes);
      auto* sum = memory.take<float>(height * hidden_);
      auto* normed = memory.take<float>(height * hidden_);
      const Bf16Blocks activated{memory.take<Bf16>(height * inner_), height, inner_};
      const auto into_sum = [&](const PackedLinear& linear) {
        return [&, bias = floats(linear.bias)](const float* product, std::int64_t row, std::int64_t count,
                                               std::int64_t panel) {
          kernels::finish_float(product, count, bias + panel * kPanelWidth,
                                sum + row * hidden_ + panel * kPanelWidth, hidden_, false);
        };
      };
      multiply_rows(path_, context.left(first), rows, layer_.attention_output.forward,
                    into_sum(layer_.attention_output));
      attention_norm(first, rows, sum, floats(tape_.x) + first * hidden_, normed);
      kernels::round_to_blocks(normed, rows, attended, first);
      multiply_rows(path_, attended.left(first), rows, layer_.intermediate.forward,
                    [&, bias = floats(layer_.intermediate.bias)](const float* product, std::int64_t row,
                                                                 std::int64_t count, std::int64_t panel) {
                      kernels::finish_gelu(product, count, bias + panel * kPanelWidth,
                                           inner.tile(first + row, panel), activated.tile(row, panel));
                    });
      multiply_rows(path_, activated.left(0), rows, layer_.output.forward, into_sum(layer_.output));
      output_norm(first, rows, sum, normed, results + first * hidden_);
    });
    return result;
  }

  const LayerTensors& layer_;
  const LayerWork& work_;
  LayerTape& tape_;
  const Bf16Path& path_;
  std::int64_t tokens_, hidden_, inner_;
};

}  // namespace

at::Tensor bf16_layer_forward(const LayerTensors& layer, const LayerWork& work, LayerTape& tape) {
  return Forward(layer, work, tape).run();
}

}  // namespace quire::nn
