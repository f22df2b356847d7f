#include "quire/nn/look_up.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "quire/kernels/tasks.h"
#include "quire/nn/implementation.h"

namespace quire::nn {
namespace {

constexpr std::int64_t kRowsPerTask = 4;  // a frequent word has hundreds of tokens, most have one

// The tokens of a batch, grouped by word.
struct Words {
  std::vector<std::int64_t> tokens;  // places in the batch, those of one word together and in order
  std::vector<std::int64_t> words;   // in rising order
  std::vector<std::int64_t> begins;  // in `tokens`, of each word; one entry more for the end

  Words(std::span<const std::int64_t> ids, std::int64_t padding) : tokens(ids.size()) {
    const auto id = [&](std::int64_t token) { return ids[static_cast<std::size_t>(token)]; };
    std::iota(tokens.begin(), tokens.end(), std::int64_t{0});
    std::erase_if(tokens, [&](std::int64_t token) { return id(token) == padding; });
    std::stable_sort(tokens.begin(), tokens.end(),
                     [&](std::int64_t a, std::int64_t b) { return id(a) < id(b); });
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (!words.empty() && words.back() == id(tokens[i])) continue;
      words.push_back(id(tokens[i]));
      begins.push_back(static_cast<std::int64_t>(i));
    }
    begins.push_back(static_cast<std::int64_t>(tokens.size()));
  }
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(words.size()); }
  [[nodiscard]] std::span<const std::int64_t> tokens_of(std::int64_t word) const {
    const std::int64_t* begin = begins.data() + word;
    return {tokens.data() + begin[0], tokens.data() + begin[1]};
  }
};

// sum_of(w) points to the sum of rows[token] over the tokens of word w.
template <typename Place>
void sum_tokens(const Words& words, const float* rows, std::int64_t width, const Place& sum_of) {
  kernels::for_tasks((words.size() + kRowsPerTask - 1) / kRowsPerTask, [&](std::int64_t task) {
    const std::int64_t end = std::min((task + 1) * kRowsPerTask, words.size());
    for (std::int64_t word = task * kRowsPerTask; word < end; ++word) {
      float* sum = sum_of(word);
      const std::span<const std::int64_t> tokens = words.tokens_of(word);
      std::copy_n(rows + tokens.front() * width, width, sum);
      for (const std::int64_t token : tokens.subspan(1)) {
        const float* row = rows + token * width;
        for (std::int64_t i = 0; i < width; ++i) sum[i] += row[i];
      }
    }
  });
}

class LookUpWords : public torch::autograd::Function<LookUpWords> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& table,
                            const at::Tensor& ids, std::int64_t padding) {
    context->save_for_backward({ids});
    context->saved_data["padding"] = padding;
    context->saved_data["rows"] = table.size(0);
    return table.index_select(0, ids);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    return {sparse_row_sums(context->get_saved_variables().front(), gradients.front(),
                            context->saved_data["rows"].toInt(), context->saved_data["padding"].toInt()),
            at::Tensor(), at::Tensor()};
  }
};

Words group(const at::Tensor& ids_in, std::int64_t padding) {
  const at::Tensor ids = ids_in.contiguous();
  return {{ids.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(ids.numel())}, padding};
}

}  // namespace

at::Tensor sparse_row_sums(const at::Tensor& ids, const at::Tensor& rows_in, std::int64_t count,
                           std::int64_t padding) {
  const at::Tensor rows = rows_in.contiguous();
  const std::int64_t width = rows.size(1);
  const Words words = group(ids, padding);
  at::Tensor values = at::empty({words.size(), width}, rows.options());
  sum_tokens(
      words, rows.const_data_ptr<float>(), width,
      [sums = values.mutable_data_ptr<float>(), width](std::int64_t word) { return sums + word * width; });
  at::Tensor indices = at::empty({1, words.size()}, at::kLong);
  std::ranges::copy(words.words, indices.mutable_data_ptr<std::int64_t>());
  return at::_sparse_coo_tensor_unsafe(indices, values, {count, width}, values.options().layout(at::kSparse),
                                       /*is_coalesced=*/true);
}

at::Tensor row_sums(const at::Tensor& ids, const at::Tensor& rows_in, std::int64_t count,
                    std::int64_t padding) {
  const at::Tensor rows = rows_in.contiguous();
  const std::int64_t width = rows.size(1);
  const Words words = group(ids, padding);
  at::Tensor result = at::zeros({count, width}, rows.options());
  sum_tokens(words, rows.const_data_ptr<float>(), width,
             [&, sums = result.mutable_data_ptr<float>()](std::int64_t word) {
               return sums + words.words[static_cast<std::size_t>(word)] * width;
             });
  return result;
}

at::Tensor look_up_words(const at::Tensor& table, const at::Tensor& ids, std::int64_t padding) {
  return takes_kernels(table) ? LookUpWords::apply(table, ids, padding) : at::embedding(table, ids, padding);
}

at::Tensor gradient_values(const at::Tensor& gradient) {
  return gradient.is_sparse() ? gradient.coalesce().values() : gradient;
}

}  // namespace quire::nn
