// The encoder without gradients. Between two attentions every row goes its own way: a thread takes a
// block of rows from the attention's result through the rest of the layer and the next layer's query,
// key and value, while it lies in the core's cache.
#include <algorithm>
#include <optional>

#include "nn/attention/first_token_attention.h"
#include "nn/bf16/attention_heads_bf16.h"
#include "nn/ops/packed_weights.h"
#include "quire/base/profile.h"
#include "quire/kernels/kernels.h"
#include "quire/kernels/tasks.h"
#include "quire/nn/aten.h"
#include "quire/nn/encoder.h"
#include "quire/nn/implementation.h"
#include "quire/nn/look_up.h"

namespace quire::nn {
namespace {

using kernels::Finish;
using kernels::FixedWeight;

// Numbers of a block's widest activations: with a panel of weights they fit in a megabyte.
constexpr std::int64_t kBlockNumbers = 150'000;
constexpr std::int64_t kMostRows = 96;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Rows of a block: as many as fit, and as many blocks for one thread as for another.
std::int64_t block_rows(std::int64_t rows, std::int64_t width) {
  const std::int64_t most = std::clamp<std::int64_t>(kBlockNumbers / width, 1, kMostRows);
  const std::int64_t threads = at::get_num_threads();
  return ceil_div(rows, ceil_div(ceil_div(rows, most), threads) * threads);
}

// A linear layer whose weight is packed.
struct FixedLinear {
  const FixedWeight* weight = nullptr;
  const float* bias = nullptr;

  explicit FixedLinear(const Linear& layer)
      : weight(&layer.prediction->get(layer.weight, weight_format(layer.precision))),
        bias(layer.bias.const_data_ptr<float>()) {}
  void operator()(const float* x, std::int64_t rows, float* result, Finish finish = Finish::none) const {
    weight->multiply(x, rows, bias, finish, result);
  }
};

// x = LayerNorm(x + residual); the residual may be null.
void add_norm(float* x, const float* residual, std::int64_t rows, const LayerNorm& norm, float epsilon,
              float* result) {
  const std::int64_t width = norm.gamma.size(0);
  const auto* gamma = norm.gamma.const_data_ptr<float>();
  const auto* beta = norm.beta.const_data_ptr<float>();
  float mean = 0;
  float rstd = 0;
  for (std::int64_t i = 0; i < rows * width; i += width) {
    kernels::table().add_layer_norm(x + i, nullptr, residual == nullptr ? nullptr : residual + i, gamma, beta,
                                    epsilon, width, x + i, result + i, &mean, &rstd);
  }
}

// A thread's memory for the activations of a block.
float* block_memory(std::int64_t numbers) {
  thread_local kernels::AlignedMemory memory;
  const std::int64_t bytes = numbers * static_cast<std::int64_t>(sizeof(float));
  if (memory.bytes() < bytes) memory = kernels::AlignedMemory(bytes);
  return memory.as<float>();
}

// Calls body(first row, rows) for all blocks, on all threads.
template <typename Body>
void for_blocks(std::int64_t rows, std::int64_t width, const Body& body) {
  const std::int64_t step = block_rows(rows, width);
  kernels::for_tasks(ceil_div(rows, step),
                     [&](std::int64_t block) { body(block * step, std::min(step, rows - block * step)); });
}

}  // namespace

kernels::WeightFormat weight_format(Precision precision) {
  return precision == Precision::int8   ? kernels::WeightFormat::int8
         : precision == Precision::bf16 ? kernels::WeightFormat::bf16
                                        : kernels::WeightFormat::fp32;
}

const FixedWeight& PredictionWeight::get(const at::Tensor& weight, kernels::WeightFormat format) {
  const std::lock_guard lock(mutex_);
  if (fixed_ == nullptr || source_ != weight.const_data_ptr() || version_ != weight._version()) {
    fixed_ =
        std::make_unique<FixedWeight>(weight.const_data_ptr<float>(), weight.size(0), weight.size(1), format);
    source_ = weight.const_data_ptr();
    version_ = weight._version();
  }
  return *fixed_;
}

bool Encoder::predicts(const DropoutState& state) const {
  return !at::GradMode::is_enabled() && !state.active && takes_kernels(word_embeddings_) &&
         kernels::has_weight_format(weight_format(precision_));
}

// What a layer reads of the block before it: query, key and value, or the last two.
struct Encoder::Projection {
  FixedLinear layer;
  at::Tensor result;       // [tokens, outputs], or where it is undefined
  Bf16Blocks blocks = {};  // as many columns

  void operator()(const float* x, std::int64_t row, std::int64_t rows) const {
    const std::int64_t outputs = layer.weight->outputs();
    if (result.defined()) {
      layer(x, rows, result.mutable_data_ptr<float>() + row * outputs);
    } else {
      ThreadMemory memory(rows * outputs * 4);
      auto* values = memory.take<float>(rows * outputs);
      layer(x, rows, values);
      kernels::round_to_blocks(values, rows, blocks, row);
    }
  }
};

struct Encoder::Prediction {
  const Encoder& encoder;
  const PackedBatch& batch;
  std::int64_t tokens, hidden, width;  // width: of the widest activations
  float epsilon;
  // Of one layer after the other: query, key and value [tokens, 3 * hidden] in float32, or in bfloat16 blocks
  // with the attention's result.
  bool rounds_attention;
  at::Tensor query_key_value, context, softmax;

  Prediction(const Encoder& encoder_in, const PackedBatch& batch_in)
      : encoder(encoder_in),
        batch(batch_in),
        tokens(batch.tokens()),
        hidden(encoder.config_.hidden_size),
        width(std::max(3 * hidden, encoder.config_.intermediate_size)),
        epsilon(static_cast<float>(encoder.config_.layer_norm_eps)),
        rounds_attention(encoder.precision_ != Precision::fp32 && kernels::bf16_available() &&
                         whole_tiles(hidden / encoder.config_.heads)) {
    if (rounds_attention) {
      query_key_value = blocks_memory(tokens, 3 * hidden);
      context = blocks_memory(tokens, hidden);
      softmax = at::empty({encoder.config_.heads, tokens, 2}, at::kFloat);
    } else {
      query_key_value = at::empty({tokens, 3 * hidden}, at::kFloat);
    }
  }

  [[nodiscard]] Projection projection(std::int64_t index) const {
    const FixedLinear layer(encoder.layers_[static_cast<std::size_t>(index)].query_key_value);
    return rounds_attention ? Projection{layer, {}, blocks_view(query_key_value, 3 * hidden)}
                            : Projection{layer, query_key_value};
  }

  // The embeddings of all tokens: [tokens, hidden].
  [[nodiscard]] at::Tensor embed(const Projection& next) const {
    const Span span("embeddings forward");
    const at::Tensor places = encoder.positions(batch);
    const TableRows words(encoder.word_embeddings_, batch.ids);
    const TableRows segments(encoder.segment_embeddings_, batch.segments);
    const TableRows positions(encoder.position_embeddings_, places);
    const Linear& wider = encoder.embedding_projection_;
    const auto widen = wider.weight.defined() ? std::optional<FixedLinear>(wider) : std::nullopt;
    const std::int64_t narrow = encoder.config_.embedding_size;
    at::Tensor result = at::empty({tokens, hidden}, at::kFloat);
    auto* results = result.mutable_data_ptr<float>();
    for_blocks(tokens, width, [&](std::int64_t row, std::int64_t rows) {
      float* out = results + row * hidden;
      float* sum = widen ? block_memory(rows * narrow) : out;
      for (std::int64_t r = 0; r < rows; ++r) {
        const float* word = words[row + r];
        const float* segment = segments[row + r];
        const float* position = positions[row + r];
        for (std::int64_t i = 0; i < narrow; ++i) sum[r * narrow + i] = word[i] + segment[i] + position[i];
      }
      add_norm(sum, nullptr, rows, encoder.embedding_norm_, epsilon, sum);
      if (widen) (*widen)(sum, rows, out);
      next(out, row, rows);
    });
    return result;
  }

  // [tokens, hidden], undefined where the result stays in blocks.
  [[nodiscard]] at::Tensor attend(std::int64_t index) const {
    if (rounds_attention) {
      const Span span("attention forward");
      const PackedHeads heads{batch.offsets, batch.documents, encoder.config_.heads, index, 0, {}};
      heads.attend(kernels::bf16_path(), blocks_view(query_key_value, 3 * hidden),
                   blocks_view(context, hidden), heads.kept_memory(), softmax);
      return {};
    }
    return packed_attention(query_key_value, batch, encoder.config_.heads, 0, {}, index);
  }

  // From the attention's result (attend's) and the input `x` of layer `index` to its output, which goes to
  // `result` (it may be x), and to what the next layer reads.
  void finish_layer(std::int64_t index, const at::Tensor& attention, const at::Tensor& x,
                    const at::Tensor& result, const std::optional<Projection>& next) const {
    const Span span("layers after attention, prediction");
    const Layer& layer = encoder.layers_[static_cast<std::size_t>(index)];
    const FixedLinear attention_output(layer.attention_output);
    const FixedLinear intermediate(layer.intermediate);
    const FixedLinear output(layer.output);
    const auto* contexts = attention.defined() ? attention.const_data_ptr<float>() : nullptr;
    const auto* inputs = x.const_data_ptr<float>();
    auto* outputs = result.mutable_data_ptr<float>();
    for_blocks(x.size(0), width, [&](std::int64_t row, std::int64_t rows) {
      float* attended = block_memory(rows * (2 * hidden + width));
      float* sum = attended + rows * hidden;
      float* inner = sum + rows * hidden;
      float* out = outputs + row * hidden;
      if (contexts == nullptr) kernels::widen_blocks(blocks_view(context, hidden), row, rows, inner);
      attention_output(contexts == nullptr ? inner : contexts + row * hidden, rows, sum);
      add_norm(sum, inputs + row * hidden, rows, layer.attention_norm, epsilon, attended);
      activate_rows(intermediate, attended, rows, inner);
      output(inner, rows, sum);
      add_norm(sum, attended, rows, layer.output_norm, epsilon, out);
      if (next) (*next)(out, row, rows);
    });
  }

  void activate_rows(const FixedLinear& layer, const float* x, std::int64_t rows, float* result) const {
    const Activation activation = encoder.config_.activation;
    layer(x, rows, result, activation == Activation::gelu ? Finish::gelu : Finish::none);
    if (activation == Activation::gelu) return;
    const at::Tensor view = at::from_blob(result, {rows, encoder.config_.intermediate_size}, at::kFloat);
    view.copy_(activate(view, activation));
  }
};

std::vector<at::Tensor> Encoder::predicted_states(const PackedBatch& batch, std::int64_t layers,
                                                  std::int64_t first) const {
  const Prediction prediction(*this, batch);
  std::vector<at::Tensor> states(static_cast<std::size_t>(layers) + 1);
  at::Tensor x = prediction.embed(prediction.projection(0));
  for (std::int64_t i = 0; i < layers; ++i) {
    const bool kept = i >= first;
    if (kept) states[static_cast<std::size_t>(i)] = x;
    const at::Tensor result = kept ? at::empty_like(x) : x;
    const bool last = i + 1 == layers;
    prediction.finish_layer(i, prediction.attend(i), x, result,
                            last ? std::nullopt : std::optional(prediction.projection(i + 1)));
    x = result;
  }
  states.back() = x;
  return states;
}

at::Tensor Encoder::predicted_first_tokens(const PackedBatch& batch) const {
  const Prediction prediction(*this, batch);
  const std::int64_t top = config_.layers - 1;
  const std::int64_t hidden = config_.hidden_size;
  const auto part = [&](std::int64_t first, std::int64_t count,
                        const std::shared_ptr<PredictionWeight>& fixed) {
    Linear rows = layers_.back().query_key_value.rows(first, count);
    rows.prediction = fixed;
    return rows;
  };
  const Linear query_part = part(0, hidden, top_query_prediction_);
  const Linear key_value_part = part(hidden, 2 * hidden, top_key_value_prediction_);
  const Projection key_value{FixedLinear(key_value_part),
                             at::empty({batch.tokens(), 2 * hidden}, at::kFloat)};
  const auto next = [&](std::int64_t index) {
    return index == top ? key_value : prediction.projection(index);
  };
  at::Tensor x = prediction.embed(next(0));
  for (std::int64_t i = 0; i < top; ++i) prediction.finish_layer(i, prediction.attend(i), x, x, next(i + 1));
  const at::Tensor firsts = first_token(x, batch);
  const Projection query{FixedLinear(query_part), at::empty_like(firsts)};
  query(firsts.const_data_ptr<float>(), 0, firsts.size(0));
  const at::Tensor context =
      first_token_attention(query.result, key_value.result, batch, config_.heads, 0, {}, top);
  prediction.finish_layer(top, context, firsts, firsts, std::nullopt);
  return firsts;
}

}  // namespace quire::nn
