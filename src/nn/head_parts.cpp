// What heads are made of: pooling over windows and tokens, and the LSTM.
#include <algorithm>
#include <numeric>

#include "nn/aten.h"
#include "nn/head.h"

namespace quire::nn {
namespace {

// Applies `pool` to the rows of each piece: [rows, width] to [pieces, width].
template <typename Pool>
at::Tensor pool_pieces(const at::Tensor& rows, std::span<const std::int64_t> offsets, Pool pool) {
  std::vector<at::Tensor> vectors;
  vectors.reserve(offsets.size());
  for (const at::Tensor& piece : rows.split_with_sizes(lengths(offsets))) vectors.push_back(pool(piece));
  return at::stack(vectors);
}

}  // namespace

at::Tensor max_pool(const at::Tensor& rows, std::span<const std::int64_t> offsets) {
  return pool_pieces(rows, offsets, [](const at::Tensor& piece) { return piece.amax(0); });
}

at::Tensor attention_pool(const at::Tensor& rows, std::span<const std::int64_t> offsets, const Linear& dense,
                          const at::Tensor& context) {
  const at::Tensor scores = at::mv(at::tanh(dense(rows)), context);
  std::vector<at::Tensor> vectors;
  vectors.reserve(offsets.size());
  const auto score_pieces = scores.split_with_sizes(lengths(offsets));
  const auto row_pieces = rows.split_with_sizes(lengths(offsets));
  for (std::size_t i = 0; i < row_pieces.size(); ++i)
    vectors.push_back(at::mv(row_pieces[i].t(), at::softmax(score_pieces[i], 0)));
  return at::stack(vectors);
}

WindowPool::WindowPool(const ClassifierOptions& options, const Scope& scope, std::int64_t width)
    : kind_(options.window_pooling) {
  if (!options.windows || kind_ != WindowPooling::attention) return;
  dense_ = Linear(scope / "dense", width, width);
  context_ = scope.get("context", {width}, Init::normal);
}

at::Tensor WindowPool::operator()(const at::Tensor& vectors, const PackedBatch& batch) const {
  if (context_.defined()) return attention_pool(vectors, batch.windows, dense_, context_);
  if (batch.sequences() == batch.size()) return vectors;
  if (kind_ == WindowPooling::max) return max_pool(vectors, batch.windows);
  return pool_pieces(vectors, batch.windows, [](const at::Tensor& piece) { return piece.mean(0); });
}

BiLstm::BiLstm(const Scope& scope, std::int64_t in, std::int64_t hidden) : hidden_(hidden) {
  for (const std::string direction : {"", "_reverse"}) {
    weights_.push_back(scope.get("weight_ih_l0" + direction, {4 * hidden, in}, Init::lstm));
    weights_.push_back(scope.get("weight_hh_l0" + direction, {4 * hidden, hidden}, Init::lstm));
    weights_.push_back(scope.get("bias_ih_l0" + direction, {4 * hidden}, Init::lstm));
    weights_.push_back(scope.get("bias_hh_l0" + direction, {4 * hidden}, Init::lstm));
  }
}

at::Tensor BiLstm::operator()(const at::Tensor& x, const PackedBatch& batch) const {
  // at::lstm wants the longest sequence first and the rows step by step: all first tokens, all
  // second tokens, ... `place[i]` is the row of x that comes i-th.
  const auto sequences = static_cast<std::size_t>(batch.sequences());
  std::vector<std::size_t> order(sequences);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto length = [&](std::size_t s) { return batch.offsets[s + 1] - batch.offsets[s]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return length(a) > length(b); });
  std::vector<std::int64_t> place;
  std::vector<std::int64_t> step_sizes;
  place.reserve(static_cast<std::size_t>(batch.tokens()));
  for (std::int64_t step = 0; step < length(order.front()); ++step) {
    std::int64_t size = 0;
    for (; size < batch.sequences() && length(order[static_cast<std::size_t>(size)]) > step; ++size)
      place.push_back(batch.offsets[order[static_cast<std::size_t>(size)]] + step);
    step_sizes.push_back(size);
  }
  std::vector<std::int64_t> back(place.size());
  for (std::size_t i = 0; i < place.size(); ++i)
    back[static_cast<std::size_t>(place[i])] = static_cast<std::int64_t>(i);
  // Without it cuDNN keeps nothing for a backward pass.
  const bool train = at::GradMode::is_enabled();
  const at::Tensor zeros = at::zeros({2, batch.sequences(), hidden_}, x.options());
  const auto [outputs, hidden, cell] =
      at::lstm(x.index_select(0, at::tensor(place).to(x.device())), at::tensor(step_sizes), {zeros, zeros},
               weights_, true, 1, 0.0, train, true);
  return outputs.index_select(0, at::tensor(back).to(x.device()));
}

}  // namespace quire::nn
