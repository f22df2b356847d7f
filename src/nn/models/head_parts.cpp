// What heads are made of: pooling over windows and tokens.
#include "nn/models/head.h"
#include "quire/nn/aten.h"

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

}  // namespace quire::nn
