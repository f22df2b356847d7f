#include "nn/ops/lstm.h"

#include <algorithm>
#include <numeric>

#include "quire/nn/implementation.h"

namespace quire::nn {
namespace {

// The order at::lstm wants rows in: the longest sequence first, and step by step, all first tokens, all
// second tokens, and so on.
struct StepOrder {
  std::vector<std::int64_t> place;  // the row of x that comes i-th
  std::vector<std::int64_t> back;   // where row i of x comes
  std::vector<std::int64_t> sizes;  // rows of each step

  explicit StepOrder(const PackedBatch& batch) {
    const auto sequences = static_cast<std::size_t>(batch.sequences());
    std::vector<std::size_t> order(sequences);
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto length = [&](std::size_t s) { return batch.offsets[s + 1] - batch.offsets[s]; };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return length(a) > length(b); });
    place.reserve(static_cast<std::size_t>(batch.tokens()));
    for (std::int64_t step = 0; step < length(order.front()); ++step) {
      const std::size_t before = place.size();
      for (std::size_t i = 0; i < sequences && length(order[i]) > step; ++i)
        place.push_back(batch.offsets[order[i]] + step);
      sizes.push_back(static_cast<std::int64_t>(place.size() - before));
    }
    back.resize(place.size());
    for (std::size_t i = 0; i < place.size(); ++i)
      back[static_cast<std::size_t>(place[i])] = static_cast<std::int64_t>(i);
  }
};

}  // namespace

BiLstm::BiLstm(const Scope& scope, std::int64_t in, std::int64_t hidden, Precision precision)
    : hidden_(hidden),
      // Prediction in integers takes bfloat16 here: there is no gain in 16 rows at a time.
      precision_(precision != Precision::fp32 && kernels::bf16_available() ? Precision::bf16
                                                                           : Precision::fp32) {
  for (std::size_t d = 0; d < directions_.size(); ++d) {
    const std::string end = d == 0 ? "_l0" : "_l0_reverse";
    Direction& one = directions_[d];
    one.weight_input = scope.get("weight_ih" + end, {4 * hidden, in}, Init::lstm);
    one.weight_hidden = scope.get("weight_hh" + end, {4 * hidden, hidden}, Init::lstm);
    one.bias_input = scope.get("bias_ih" + end, {4 * hidden}, Init::lstm);
    one.bias_hidden = scope.get("bias_hh" + end, {4 * hidden}, Init::lstm);
  }
}

at::Tensor BiLstm::operator()(const at::Tensor& x, const PackedBatch& batch,
                              Implementation implementation) const {
  if (!takes_kernels(x, implementation)) return aten(x, batch);
  return lstm_recurrence({sums(directions_[0], x), sums(directions_[1], x)},
                         {directions_[0].weight_hidden, directions_[1].weight_hidden}, batch.offsets,
                         precision_);
}

at::Tensor BiLstm::sums(const Direction& direction, const at::Tensor& x) const {
  Linear layer;
  layer.weight = direction.weight_input;
  layer.bias = direction.bias_input + direction.bias_hidden;
  layer.precision = precision_;
  layer.packed = direction.packed;
  return layer(x);
}

at::Tensor BiLstm::aten(const at::Tensor& x, const PackedBatch& batch) const {
  const StepOrder order(batch);
  std::vector<at::Tensor> weights;  // as at::lstm takes them
  for (const Direction& d : directions_)
    weights.insert(weights.end(), {d.weight_input, d.weight_hidden, d.bias_input, d.bias_hidden});
  // Without it cuDNN keeps nothing for a backward pass.
  const bool train = at::GradMode::is_enabled();
  const at::Tensor zeros = at::zeros({2, batch.sequences(), hidden_}, x.options());
  const auto [outputs, hidden, cell] =
      at::lstm(x.index_select(0, at::tensor(order.place).to(x.device())), at::tensor(order.sizes),
               {zeros, zeros}, weights, true, 1, 0.0, train, true);
  return outputs.index_select(0, at::tensor(order.back).to(x.device()));
}

}  // namespace quire::nn
