#include "quire/train/predict.h"

#include <algorithm>
#include <numeric>

#include "quire/base/profile.h"
#include "quire/nn/aten.h"
#include "train/pack_rows.h"

namespace quire::train {

namespace {

// A device wants more work at once. There scores of a batch of 512-token documents under 12 heads take
// 400 MB.
constexpr std::int64_t kTokensPerBatch = 4096;
constexpr std::int64_t kTokensPerDeviceBatch = 16384;

// Calls use(places in `rows`, batch) for batches of about `tokens_per_batch` tokens, longest first.
template <typename Use>
void for_batches(const nn::TextModel& model, const TokenCorpus& corpus, std::span<const std::int64_t> rows,
                 const Context& context, std::string_view stage, std::int64_t tokens_per_batch, Use use) {
  const Span span("prediction, other");
  if (tokens_per_batch == 0)
    tokens_per_batch = model.device().is_cpu() ? kTokensPerBatch : kTokensPerDeviceBatch;
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto length = [&](std::size_t i) { return static_cast<std::int64_t>(corpus.ids(rows[i]).size()); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return length(a) > length(b); });
  std::vector<std::int64_t> taken;
  for (std::size_t begin = 0; begin < order.size();) {
    context.check_stop();
    std::int64_t tokens = 0;
    std::size_t end = begin;
    taken.clear();
    do {
      taken.push_back(rows[order[end]]);
      tokens += length(order[end]);
      ++end;
    } while (end < order.size() && tokens + length(order[end]) <= tokens_per_batch);
    use(std::span<const std::size_t>(order).subspan(begin, end - begin),
        pack_rows(corpus, taken, model.device()));
    begin = end;
    if (!stage.empty()) {
      context.progress({.stage = stage,
                        .done = static_cast<std::int64_t>(begin),
                        .total = static_cast<std::int64_t>(order.size()),
                        .detail = {},
                        .seconds_left = -1});
    }
  }
}

void copy_rows(const at::Tensor& values, std::span<const std::size_t> places, Matrix& matrix) {
  const at::Tensor dense = values.to(at::kCPU, at::kFloat).contiguous();
  const auto* data = dense.const_data_ptr<float>();
  for (const std::size_t place : places) {
    std::copy_n(data, matrix.cols, matrix.row(static_cast<std::int64_t>(place)).begin());
    data += matrix.cols;
  }
}

}  // namespace

Matrix predict(const nn::TextModel& model, const TokenCorpus& corpus, std::span<const std::int64_t> rows,
               const Context& context, std::string_view stage, std::int64_t tokens_per_batch) {
  const at::NoGradGuard no_grad;
  Matrix probabilities(static_cast<std::int64_t>(rows.size()), model.classes());
  for_batches(model, corpus, rows, context, stage, tokens_per_batch,
              [&](std::span<const std::size_t> places, const nn::PackedBatch& batch) {
                copy_rows(at::softmax(model.logits(batch, {}), 1), places, probabilities);
              });
  return probabilities;
}

Matrix head_inputs(const nn::TextModel& model, const TokenCorpus& corpus, std::span<const std::int64_t> rows,
                   const Context& context, std::string_view stage, std::int64_t tokens_per_batch) {
  Matrix inputs;
  for_batches(model, corpus, rows, context, stage, tokens_per_batch,
              [&](std::span<const std::size_t> places, const nn::PackedBatch& batch) {
                const at::Tensor values = model.head_inputs(batch);
                if (inputs.values.empty())
                  inputs = Matrix(static_cast<std::int64_t>(rows.size()), values.size(1));
                copy_rows(values, places, inputs);
              });
  return inputs;
}

}  // namespace quire::train
