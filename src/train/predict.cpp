#include "quire/train/predict.h"

#include <algorithm>
#include <numeric>

#include "nn/aten.h"
#include "quire/nn/batch.h"

namespace quire::train {

Matrix predict(const nn::Classifier& model, const TokenCorpus& corpus, std::span<const std::int64_t> rows,
               const Context& context, std::string_view stage, std::int64_t tokens_per_batch) {
  const at::NoGradGuard no_grad;
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return corpus.ids(rows[a]).size() > corpus.ids(rows[b]).size();
  });
  Matrix probabilities(static_cast<std::int64_t>(rows.size()), model.classes());
  std::vector<nn::TokenizedDocument> documents;
  for (std::size_t begin = 0; begin < order.size();) {
    context.check_stop();
    std::int64_t tokens = 0;
    std::size_t end = begin;
    documents.clear();
    do {
      const std::int64_t row = rows[order[end]];
      documents.push_back({corpus.ids(row), corpus.segments(row), static_cast<std::uint32_t>(row)});
      tokens += static_cast<std::int64_t>(corpus.ids(row).size());
      ++end;
    } while (end < order.size() &&
             tokens + static_cast<std::int64_t>(corpus.ids(rows[order[end]]).size()) <= tokens_per_batch);
    const at::Tensor batch = at::softmax(model.logits(nn::pack(documents), {}), 1).contiguous();
    const auto* data = batch.const_data_ptr<float>();
    for (std::size_t i = begin; i < end; ++i, data += model.classes()) {
      std::copy_n(data, model.classes(), probabilities.row(static_cast<std::int64_t>(order[i])).begin());
    }
    begin = end;
    if (!stage.empty()) {
      context.progress({.stage = stage,
                        .done = static_cast<std::int64_t>(begin),
                        .total = static_cast<std::int64_t>(order.size()),
                        .detail = {},
                        .seconds_left = -1});
    }
  }
  return probabilities;
}

}  // namespace quire::train
