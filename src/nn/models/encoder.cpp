#include "quire/nn/encoder.h"

#include <fmt/format.h>

#include "nn/attention/first_token_attention.h"
#include "nn/bf16/bf16_layer.h"
#include "nn/ops/embeddings.h"
#include "nn/ops/linear.h"
#include "nn/ops/packed_weights.h"
#include "quire/base/profile.h"
#include "quire/nn/aten.h"
#include "quire/nn/look_up.h"

namespace quire::nn {
namespace {

RowLayout token_rows(const PackedBatch& batch) { return {batch.offsets, batch.documents}; }

// RoBERTa counts positions from the one after its padding token's. A padding token written out
// in the text is not counted and takes that token's own position.
at::Tensor roberta_positions(const PackedBatch& batch, std::int64_t pad) {
  const at::Tensor real = batch.ids != pad;
  const at::Tensor counted = real.cumsum(0);  // over the whole batch
  const at::Tensor start = at::arange(batch.tokens(), batch.ids.options()) - batch.positions;
  const at::Tensor before = (counted - real.to(at::kLong)).index_select(0, start);
  return (counted - before).mul_(real).add_(pad);
}

// Query, key and value. On a device bf16 speaks for attention's products too.
at::Tensor attention_operands(const Linear& layer, const at::Tensor& x) {
  const at::Tensor qkv = layer(x);
  return layer.precision == Precision::bf16 && !qkv.is_cpu() ? qkv.to(at::kBFloat16) : qkv;
}

}  // namespace

Encoder::Layer::Layer(const Scope& scope, const EncoderConfig& config, Precision precision) {
  const std::int64_t hidden = config.hidden_size;
  const LayerNames& names = family_spec(config.family).layer;
  // One product instead of three: the stored tensors' rows lie one after another.
  const Scope self = scope / names.self;
  const std::vector<std::string> parts = {std::string(names.query), std::string(names.key),
                                          std::string(names.value)};
  query_key_value.weight = self.get(parts, ".weight", {3 * hidden, hidden}, Init::normal);
  query_key_value.bias = self.get(parts, ".bias", {3 * hidden}, Init::zeros);
  query_key_value.precision = precision;
  query_key_value.packed = std::make_shared<PackedWeight>();
  query_key_value.prediction = std::make_shared<PredictionWeight>();
  attention_output = Linear(scope / names.attention_output, hidden, hidden, precision);
  attention_norm = LayerNorm(scope / names.attention_norm, hidden);
  intermediate = Linear(scope / names.intermediate, hidden, config.intermediate_size, precision);
  output = Linear(scope / names.output, config.intermediate_size, hidden, precision);
  output_norm = LayerNorm(scope / names.output_norm, hidden);
}

Encoder::Encoder(const EncoderConfig& config, ParameterStore& store, Precision precision)
    : config_(config), precision_(precision) {
  const Scope embeddings(store, "embeddings", 0, Origin::stored);
  const std::int64_t width = config.embedding_size;
  word_embeddings_ = embeddings.get_table("word_embeddings.weight", {config.vocab_size, width}, Init::normal);
  position_embeddings_ =
      embeddings.get("position_embeddings.weight", {config.max_positions, width}, Init::normal);
  segment_embeddings_ =
      embeddings.get("token_type_embeddings.weight", {config.type_vocab_size, width}, Init::normal);
  embedding_norm_ = LayerNorm(embeddings / "LayerNorm", width);
  if (width != config.hidden_size) {
    embedding_projection_ =
        Linear(Scope(store, "embeddings_project", 0, Origin::stored), width, config.hidden_size, precision);
  }
  for (std::int64_t i = 0; i < config.layers; ++i) {
    layers_.emplace_back(Scope(store, fmt::format("encoder.layer.{}", i), i + 1, Origin::stored), config,
                         precision);
  }
  top_query_prediction_ = std::make_shared<PredictionWeight>();
  top_key_value_prediction_ = std::make_shared<PredictionWeight>();
}

at::Tensor Encoder::positions(const PackedBatch& batch) const {
  return family_spec(config_.family).positions_follow_padding ? roberta_positions(batch, config_.pad_token_id)
                                                              : batch.positions;
}

at::Tensor Encoder::embed(const PackedBatch& batch, const DropoutState& state) const {
  const std::int64_t pad = config_.pad_token_id;
  const at::Tensor x =
      embed_tokens({word_embeddings_, batch.ids, pad}, {segment_embeddings_, batch.segments, kNoPadding},
                   {position_embeddings_, positions(batch),
                    family_spec(config_.family).positions_follow_padding ? pad : kNoPadding},
                   embedding_norm_, static_cast<double>(config_.layer_norm_eps), token_rows(batch),
                   static_cast<double>(config_.hidden_dropout), state);
  return embedding_projection_.weight.defined() ? embedding_projection_(x) : x;
}

at::Tensor Encoder::run_layer(std::int64_t index, const at::Tensor& x, const PackedBatch& batch,
                              const DropoutState& state) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const LayerParts parts{layer.query_key_value, layer.attention_output, layer.attention_norm,
                         layer.intermediate,    layer.output,           layer.output_norm};
  if (takes_bf16_layer(x, parts, config_.heads, config_.activation)) {
    return bf16_layer(x, parts, batch,
                      {.heads = config_.heads,
                       .index = index,
                       .epsilon = config_.layer_norm_eps,
                       .hidden_dropout = static_cast<double>(config_.hidden_dropout),
                       .attention_dropout = static_cast<double>(config_.attention_dropout),
                       .state = state});
  }
  const at::Tensor context =
      packed_attention(attention_operands(layer.query_key_value, x), batch, config_.heads,
                       static_cast<double>(config_.attention_dropout), state, index)
          .to(at::kFloat);
  return finish_layer(index, context, x, token_rows(batch), state);
}

at::Tensor Encoder::finish_layer(std::int64_t index, const at::Tensor& context, const at::Tensor& x,
                                 const RowLayout& rows, const DropoutState& state) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const auto epsilon = static_cast<double>(config_.layer_norm_eps);
  const auto rate = static_cast<double>(config_.hidden_dropout);
  const at::Tensor attended = dropout_add_layer_norm(
      layer.attention_output(context), x, layer.attention_norm.gamma, layer.attention_norm.beta, epsilon,
      rows, rate, state, dropout_site(index, Site::attention_output));
  const at::Tensor fed = config_.activation == Activation::gelu
                             ? feed_forward(attended, layer.intermediate, layer.output)
                             : layer.output(activate(layer.intermediate(attended), config_.activation));
  return dropout_add_layer_norm(fed, attended, layer.output_norm.gamma, layer.output_norm.beta, epsilon, rows,
                                rate, state, dropout_site(index, Site::feed_forward_output));
}

std::vector<at::Tensor> Encoder::hidden_states(const PackedBatch& batch, const DropoutState& state,
                                               std::int64_t layers, std::int64_t first) const {
  if (predicts(state)) return predicted_states(batch, layers, first);
  std::vector<at::Tensor> states = {embed(batch, state)};
  for (std::int64_t i = 0; i < layers; ++i) states.push_back(run_layer(i, states.back(), batch, state));
  return states;
}

at::Tensor Encoder::first_tokens(const PackedBatch& batch, const DropoutState& state) const {
  if (predicts(state)) return predicted_first_tokens(batch);
  at::Tensor x = embed(batch, state);
  const std::int64_t top = config_.layers - 1;
  for (std::int64_t i = 0; i < top; ++i) x = run_layer(i, x, batch, state);
  const FirstTokens first = first_token_attention(x, layers_.back().query_key_value, batch, config_.heads,
                                                  static_cast<double>(config_.attention_dropout), state, top);
  const PackedBatch firsts = first_rows(batch);
  return finish_layer(top, first.context, first.input, token_rows(firsts), state);
}

}  // namespace quire::nn
