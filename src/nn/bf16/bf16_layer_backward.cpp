#include "nn/bf16/bf16_layer_parts.h"
#include "nn/bf16/bf16_layer_sums.h"
#include "quire/base/profile.h"
#include "quire/kernels/kernels.h"

namespace quire::nn {
namespace {

// The gradient of dropout + residual + norm for a block's rows: of the residual, and of what dropout acts on,
// whose column sums (a bias's gradient) are added up.
struct NormRowsBackward {
  const DropoutPlan& plan;
  const PackedNorm& norm;
  const at::Tensor &sum, &stats;
  const RowSums& sums;
  const Columns &gamma, &beta, &bias;

  void operator()(std::int64_t first, std::int64_t rows, const float* grad_y, float* grad_residual,
                  float* grad_x) const {
    const std::int64_t width = sum.size(1);
    const float* normed = floats(sum) + first * width;
    const float* means = floats(stats) + first;
    const float* deviations = means + sum.size(0);
    const float* scale = floats(norm.gamma);
    thread_local std::vector<float> multipliers;
    multipliers.resize(static_cast<std::size_t>(width));
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t row = first + r;
      float* residual = grad_residual + r * width;
      float* dropped = grad_x + r * width;
      kernels::table().layer_norm_backward(grad_y + r * width, normed + r * width, scale, means[r],
                                           deviations[r], width, residual, sums.of_row(row, gamma),
                                           sums.of_row(row, beta));
      std::copy_n(residual, width, dropped);
      if (plan.active()) {
        plan.fill_row(row, multipliers);
        kernels::table().multiply(dropped, multipliers.data(), width);
      }
      float* column_sums = sums.of_row(row, bias);
      for (std::int64_t i = 0; i < width; ++i) column_sums[i] += dropped[i];
    }
  }
};

// The operands of a weight's gradient g' x, both of depth tokens.
struct WeightProduct {
  std::int64_t tokens, out, in;  // tokens: a multiple of 32
  at::Tensor left, right, result;
  Bf16* left_data = nullptr;
  Bf16* right_data = nullptr;

  WeightProduct(std::int64_t tokens_in, const at::Tensor& weight, bool wanted)
      : tokens(to_tiles(tokens_in)), out(weight.size(0)), in(weight.size(1)) {
    if (!wanted) return;
    left = at::empty({tokens * out}, at::kBFloat16);
    right = at::empty({tokens * in}, at::kBFloat16);
    result = at::empty({out, in}, weight.options().requires_grad(false));
    left_data = static_cast<Bf16*>(left.mutable_data_ptr());
    right_data = static_cast<Bf16*>(right.mutable_data_ptr());
  }
  [[nodiscard]] bool wanted() const { return result.defined(); }
  // Where a tile of g transposed, or of x as a panel, belongs.
  [[nodiscard]] Bf16* left_tile(std::int64_t row, std::int64_t block) const {
    return left_data + (block * tokens + row) * kPanelWidth;
  }
  [[nodiscard]] Bf16* right_tile(std::int64_t row, std::int64_t block) const {
    return right_data + (block * tokens + row) * kPanelWidth;
  }
};

// A task makes side by side tiles of a weight's gradient. The more, the fewer times operands are read: with
// 12 those of kPartDepth tokens and the sums take half of a second-level cache of 2 MiB.
class WeightTasks {
 public:
  WeightTasks(const Bf16Path& path, std::vector<const WeightProduct*> products)
      : path_(path), products_(std::move(products)) {
    for (const std::int64_t side : {12, 6, 3}) {
      side_ = side;
      ends_.clear();
      for (const WeightProduct* product : products_)
        ends_.push_back((ends_.empty() ? 0 : ends_.back()) + groups(product->out) * groups(product->in));
      if (ends_.back() >= std::int64_t{4} * at::get_num_threads()) break;
    }
  }

  void run() const {
    double operations = 0;
    for (const WeightProduct* product : products_)
      operations += 2.0 * static_cast<double>(product->tokens * product->out * product->in);
    const Span span("weight gradients", operations);
    kernels::for_tasks(ends_.back(), [&](std::int64_t task) {
      const auto which =
          static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), task) - ends_.begin());
      const std::int64_t own = task - (which == 0 ? 0 : ends_[which - 1]);
      const std::int64_t columns = groups(products_[which]->in);
      const kernels::TileSession session(path_);
      multiply(*products_[which], own / columns * side_, own % columns * side_);
    });
  }

 private:
  [[nodiscard]] std::int64_t groups(std::int64_t count) const {
    return (count / kPanelWidth + side_ - 1) / side_;
  }

  // The tiles from (m, n) on.
  void multiply(const WeightProduct& product, std::int64_t m, std::int64_t n) const {
    const std::int64_t last_m = std::min(m + side_, product.out / kPanelWidth);
    const std::int64_t last_n = std::min(n + side_, product.in / kPanelWidth);
    ThreadMemory memory(side_ * side_ * kernels::kTileSize * 4);
    auto* sums = memory.take<float>(side_ * side_ * kernels::kTileSize);
    const auto tile = [&](std::int64_t i, std::int64_t j) {
      return sums + ((i - m) * side_ + j - n) * kernels::kTileSize;
    };
    const std::int64_t part = part_depth(product.tokens);
    for (std::int64_t token = 0; token < product.tokens; token += part) {
      const std::int64_t depth = std::min(part, product.tokens - token);
      for (std::int64_t j = n; j < last_n; ++j) {
        for (std::int64_t i = m; i < last_m; ++i) {
          path_.multiply_tile({product.left_tile(token, i), kPanelWidth, kernels::kTileSize}, kPanelWidth,
                              product.right_tile(token, j), depth, tile(i, j), token > 0,
                              ahead(product, {m, last_m, i}, {n, last_n, j}, token, depth));
        }
      }
    }
    auto* result = product.result.mutable_data_ptr<float>();
    for (std::int64_t i = m; i < last_m; ++i) {
      for (std::int64_t j = n; j < last_n; ++j) {
        kernels::finish_float(tile(i, j), kPanelWidth, nullptr,
                              result + i * kPanelWidth * product.in + j * kPanelWidth, product.in, false);
      }
    }
  }

  // Where a loop over tiles stands.
  struct Place {
    std::int64_t first, last, now;
  };
  // While one panel meets all left tiles: slices of the next panel, and in turn with them of the next tokens'
  // left tiles.
  static FetchAhead ahead(const WeightProduct& product, const Place& m, const Place& n, std::int64_t token,
                          std::int64_t depth) {
    const std::int64_t next = token + depth;
    const bool more = next < product.tokens;
    const auto half = [](const Place& place) { return (place.last - place.first + 1) / 2; };
    if ((m.now - m.first + n.now - n.first) % 2 == 0) {
      if (!more) return {};
      return FetchAhead::slice(product.left_tile(next, m.now), depth, (n.now - n.first) / 2, half(n));
    }
    const bool last_panel = n.now + 1 == n.last;
    if (last_panel && !more) return {};
    const Bf16* panel = last_panel ? product.right_tile(next, n.first) : product.right_tile(token, n.now + 1);
    return FetchAhead::slice(panel, depth, (m.now - m.first) / 2, half(m));
  }

  const Bf16Path& path_;
  std::vector<const WeightProduct*> products_;
  std::int64_t side_ = 0;
  std::vector<std::int64_t> ends_;  // of each product's tasks
};

class Backward {
 public:
  Backward(const LayerTensors& layer, const LayerWork& work, const LayerTape& tape, bool weights)
      : layer_(layer),
        work_(work),
        tape_(tape),
        path_(kernels::bf16_path()),
        tokens_(tape.x.size(0)),
        hidden_(tape.x.size(1)),
        inner_(layer.intermediate.weight.size(0)),
        grad_x_(at::empty_like(tape.x)),
        grad_context_(blocks_memory(tokens_, hidden_)),
        output_(tokens_, layer.output.weight, weights),
        intermediate_(tokens_, layer.intermediate.weight, weights),
        attention_output_(tokens_, layer.attention_output.weight, weights),
        query_key_value_(tokens_, layer.query_key_value.weight, weights),
        columns_(hidden_, inner_),
        sums_(tokens_, columns_.width()) {}

  LayerGradients run(const at::Tensor& grad_output) {
    pass_rows(grad_output);
    pass_projections(pass_attention());
    if (output_.wanted())
      WeightTasks(path_, {&output_, &intermediate_, &attention_output_, &query_key_value_}).run();
    const at::Tensor sums = sums_.total();
    const auto part = [&](const Columns& columns) { return sums.narrow(0, columns.first, columns.width); };
    return {.x = grad_x_,
            .query_key_value = {query_key_value_.result, part(columns_.query_key_value_bias)},
            .attention_output = {attention_output_.result, part(columns_.attention_bias)},
            .intermediate = {intermediate_.result, part(columns_.intermediate_bias)},
            .output = {output_.result, part(columns_.output_bias)},
            .attention_norm = {part(columns_.attention_gamma), part(columns_.attention_beta)},
            .output_norm = {part(columns_.output_gamma), part(columns_.output_beta)}};
  }

 private:
  // From the gradient of the layer's output to those of the context and, by the first norm's residual, of x.
  void pass_rows(const at::Tensor& grad_output) const {
    const Span span("layer rows backward", product_operations(tokens_, layer_.attention_output) +
                                               product_operations(tokens_, layer_.intermediate) +
                                               product_operations(tokens_, layer_.output));
    const std::int64_t row_bytes = hidden_ * 10 + inner_ * 2;
    for_row_blocks(path_, tokens_, row_bytes, [&](std::int64_t first, std::int64_t rows) {
      const std::int64_t height = to_tiles(rows);
      ThreadMemory memory(height * row_bytes);
      auto* residual = memory.take<float>(height * hidden_);
      auto* dropped = memory.take<float>(height * hidden_);
      const Bf16Blocks gradient{memory.take<Bf16>(height * hidden_), height, hidden_};
      const Bf16Blocks inner{memory.take<Bf16>(height * inner_), height, inner_};
      sums_.clear(first, rows, columns_.of_rows());
      NormRowsBackward{
          *work_.output_plan,    layer_.output_norm,   tape_.output_sum,    tape_.output_stats, sums_,
          columns_.output_gamma, columns_.output_beta, columns_.output_bias}(
          first, rows, floats(grad_output) + first * hidden_, residual, dropped);
      kernels::round_to_blocks(dropped, rows, gradient, 0);
      pass_feed_forward(first, rows, gradient, inner, residual);
      NormRowsBackward{*work_.attention_plan,
                       layer_.attention_norm,
                       tape_.attention_sum,
                       tape_.attention_stats,
                       sums_,
                       columns_.attention_gamma,
                       columns_.attention_beta,
                       columns_.attention_bias}(first, rows, residual,
                                                grad_x_.mutable_data_ptr<float>() + first * hidden_, dropped);
      kernels::round_to_blocks(dropped, rows, gradient, 0);
      pass_attention_output(first, rows, gradient);
    });
  }

  // Adds what comes through the feed-forward network to the gradient of its input.
  void pass_feed_forward(std::int64_t first, std::int64_t rows, const Bf16Blocks& gradient,
                         const Bf16Blocks& inner, float* grad_attended) const {
    const Bf16Blocks sums = blocks_view(tape_.inner, inner_);
    alignas(64) Bf16 activated[kernels::kTileSize];
    multiply_rows(
        path_, gradient.left(0), rows, layer_.output.backward,
        [&](const float* product, std::int64_t row, std::int64_t count, std::int64_t panel) {
          const std::int64_t at = first + row;
          kernels::finish_gelu_gradient(product, count, sums.tile(at, panel), inner.tile(row, panel),
                                        sums_.of_row(at, columns_.intermediate_bias) + panel * kPanelWidth,
                                        output_.wanted() ? output_.right_tile(at, panel) : activated);
          if (intermediate_.wanted())
            kernels::transpose_tile(inner.tile(row, panel), count, intermediate_.left_tile(at, panel));
        });
    multiply_rows(path_, inner.left(0), rows, layer_.intermediate.backward,
                  [&](const float* product, std::int64_t row, std::int64_t count, std::int64_t panel) {
                    kernels::finish_float(product, count, nullptr,
                                          grad_attended + row * hidden_ + panel * kPanelWidth, hidden_, true);
                  });
    if (!output_.wanted()) return;
    const Bf16Blocks attended = blocks_view(tape_.attended, hidden_);
    for_tiles(rows, hidden_, [&](std::int64_t row, std::int64_t count, std::int64_t block) {
      kernels::transpose_tile(gradient.tile(row, block), count, output_.left_tile(first + row, block));
      kernels::pack_tile(attended.tile(first + row, block), count,
                         intermediate_.right_tile(first + row, block));
    });
  }

  void pass_attention_output(std::int64_t first, std::int64_t rows, const Bf16Blocks& gradient) const {
    const Bf16Blocks grad_context = blocks_view(grad_context_, hidden_);
    multiply_rows(path_, gradient.left(0), rows, layer_.attention_output.backward,
                  [&](const float* product, std::int64_t row, std::int64_t count, std::int64_t panel) {
                    kernels::finish_rounded(product, count, nullptr, grad_context.tile(first + row, panel));
                  });
    if (!attention_output_.wanted()) return;
    const Bf16Blocks context = blocks_view(tape_.context, hidden_);
    for_tiles(rows, hidden_, [&](std::int64_t row, std::int64_t count, std::int64_t block) {
      kernels::transpose_tile(gradient.tile(row, block), count,
                              attention_output_.left_tile(first + row, block));
      kernels::pack_tile(context.tile(first + row, block), count,
                         attention_output_.right_tile(first + row, block));
    });
  }

  // The gradient of query, key and value, blocks of 3H columns.
  [[nodiscard]] at::Tensor pass_attention() const {
    const Span span("attention backward");
    at::Tensor result = blocks_memory(tokens_, 3 * hidden_);
    const Bf16Blocks qkv = blocks_view(tape_.query_key_value, 3 * hidden_);
    const Bf16Blocks grad_qkv = blocks_view(result, 3 * hidden_);
    const Bf16Blocks context = blocks_view(tape_.context, hidden_);
    const Bf16Blocks grad_context = blocks_view(grad_context_, hidden_);
    work_.heads.for_each(
        path_, qkv, tape_.kept, [&](const kernels::Bf16Head& view, std::int64_t first, std::int64_t head) {
          ThreadMemory memory(kernels::attend_bytes(view.length, view.width));
          const std::int64_t block = head * view.width / kPanelWidth;
          const std::int64_t blocks = hidden_ / kPanelWidth;
          kernels::attend_backward(view, path_, context.tile(first, block), grad_context.tile(first, block),
                                   PackedHeads::softmax_rows(tape_.softmax, head, first),
                                   {grad_qkv.tile(first, block), grad_qkv.tile(first, blocks + block),
                                    grad_qkv.tile(first, 2 * blocks + block)},
                                   memory.take<std::byte>(0));
        });
    return result;
  }

  // Adds what comes through the projections to the gradient of x.
  void pass_projections(const at::Tensor& gradient_memory) const {
    const Span span("projections backward", product_operations(tokens_, layer_.query_key_value));
    const Bf16Blocks gradient = blocks_view(gradient_memory, 3 * hidden_);
    auto* grad_x = grad_x_.mutable_data_ptr<float>();
    for_row_blocks(path_, tokens_, hidden_ * 10, [&](std::int64_t first, std::int64_t rows) {
      sums_.clear(first, rows, columns_.query_key_value_bias);
      multiply_rows(path_, gradient.left(first), rows, layer_.query_key_value.backward,
                    [&](const float* product, std::int64_t row, std::int64_t count, std::int64_t panel) {
                      kernels::finish_float(product, count, nullptr,
                                            grad_x + (first + row) * hidden_ + panel * kPanelWidth, hidden_,
                                            true);
                    });
      for_tiles(rows, 3 * hidden_, [&](std::int64_t row, std::int64_t count, std::int64_t block) {
        const Bf16* tile = gradient.tile(first + row, block);
        kernels::add_rows(tile, count,
                          sums_.of_row(first + row, columns_.query_key_value_bias) + block * kPanelWidth);
        if (query_key_value_.wanted())
          kernels::transpose_tile(tile, count, query_key_value_.left_tile(first + row, block));
      });
      if (!query_key_value_.wanted()) return;
      for_tiles(rows, hidden_, [&](std::int64_t row, std::int64_t count, std::int64_t block) {
        kernels::pack_float_tile(floats(tape_.x) + (first + row) * hidden_ + block * kPanelWidth, hidden_,
                                 count, query_key_value_.right_tile(first + row, block));
      });
    });
  }

  const LayerTensors& layer_;
  const LayerWork& work_;
  const LayerTape& tape_;
  const Bf16Path& path_;
  std::int64_t tokens_, hidden_, inner_;
  at::Tensor grad_x_, grad_context_;
  WeightProduct output_, intermediate_, attention_output_, query_key_value_;
  SumLayout columns_;
  RowSums sums_;
};

}  // namespace

LayerGradients bf16_layer_backward(const LayerTensors& layer, const LayerWork& work, const LayerTape& tape,
                                   const at::Tensor& grad_output, bool weights) {
  return Backward(layer, work, tape, weights).run(grad_output.contiguous());
}

}  // namespace quire::nn
