#include "nn/ops/convolve_max.h"

#include <algorithm>
#include <limits>

#include "quire/base/profile.h"
#include "quire/kernels/tasks.h"
#include "quire/nn/implementation.h"

namespace quire::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kFiltersPerTask = 16;

// y += factor * x
void add_multiple(float* y, float factor, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) y[i] += factor * x[i];
}

// The best place of every filter in one document. products [rows, width, filters]: each word with each
// word of the filters. `best` and `sum` have `filters` floats, `place` counts from the document's start.
void find_best(const float* products, std::int64_t rows, std::int64_t width, std::int64_t filters,
               float* best, std::int32_t* place, float* sum) {
  std::fill_n(best, filters, -std::numeric_limits<float>::infinity());
  std::fill_n(place, filters, 0);
  for (std::int64_t p = 0; p <= std::max<std::int64_t>(0, rows - width); ++p) {
    std::fill_n(sum, filters, 0.0F);
    for (std::int64_t k = 0; k < std::min(width, rows - p); ++k)
      add_multiple(sum, 1.0F, products + ((p + k) * width + k) * filters, filters);
    for (std::int64_t f = 0; f < filters; ++f) {
      const bool better = sum[f] > best[f];
      best[f] = better ? sum[f] : best[f];
      place[f] = better ? static_cast<std::int32_t>(p) : place[f];
    }
  }
}

class ConvolveMax : public torch::autograd::Function<ConvolveMax> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x_in, const at::Tensor& weight,
                            const at::Tensor& bias, const std::vector<std::int64_t>& offsets) {
    const at::Tensor x = x_in.contiguous();
    const std::int64_t width = weight.size(0);
    const std::int64_t filters = weight.size(1);
    const auto documents = static_cast<std::int64_t>(offsets.size()) - 1;
    const Span span("convolution forward",
                    2.0 * static_cast<double>(x.size(0)) * static_cast<double>(weight.numel()));
    const at::Tensor products = at::mm(x, weight.view({width * filters, weight.size(2)}).t());
    at::Tensor best = at::empty({documents, filters}, x.options());
    at::Tensor places = at::empty({documents, filters}, at::kInt);
    const auto* product_data = products.const_data_ptr<float>();
    auto* best_data = best.mutable_data_ptr<float>();
    auto* place_data = places.mutable_data_ptr<std::int32_t>();
    kernels::for_tasks(documents, [&](std::int64_t b) {
      std::vector<float> sum(static_cast<std::size_t>(filters));
      const std::int64_t first = offsets[static_cast<std::size_t>(b)];
      find_best(product_data + first * width * filters, offsets[static_cast<std::size_t>(b) + 1] - first,
                width, filters, best_data + b * filters, place_data + b * filters, sum.data());
    });
    const at::Tensor result = at::relu(best + bias);
    context->save_for_backward({x, weight, places, result});
    context->saved_data["offsets"] = offsets;
    return result;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const std::vector<std::int64_t> offsets = context->saved_data["offsets"].toIntVector();
    const Span span("convolution backward");
    const at::Tensor gradient = gradients[0] * (saved[3] > 0);  // [B, filters]
    const Work work(saved[0], saved[1], saved[2], gradient, offsets);
    variable_list results(4);
    if (context->needs_input_grad(0)) results[0] = work.input_gradient();
    if (context->needs_input_grad(1)) results[1] = work.weight_gradient();
    results[2] = gradient.sum(0);
    return results;
  }

 private:
  // The views that both gradients walk over.
  struct Work {
    Work(const at::Tensor& x_in, const at::Tensor& weight_in, const at::Tensor& places,
         const at::Tensor& gradient_in, const std::vector<std::int64_t>& offsets_in)
        : x(x_in),
          weight(weight_in),
          place(places.const_data_ptr<std::int32_t>()),
          gradient(gradient_in.const_data_ptr<float>()),
          offsets(offsets_in),
          documents(static_cast<std::int64_t>(offsets.size()) - 1),
          width(weight.size(0)),
          filters(weight.size(1)),
          dim(weight.size(2)) {}

    // Calls body(gradient, row of x, word of the filter) for the words under filter f in document b.
    template <typename Body>
    void for_words(std::int64_t b, std::int64_t f, Body body) const {
      const float g = gradient[b * filters + f];
      if (g == 0) return;
      const std::int64_t first = offsets[static_cast<std::size_t>(b)] + place[b * filters + f];
      const std::int64_t end = offsets[static_cast<std::size_t>(b) + 1];
      for (std::int64_t k = 0; k < std::min(width, end - first); ++k) body(g, first + k, k);
    }
    [[nodiscard]] at::Tensor input_gradient() const {
      at::Tensor result = at::zeros_like(x);
      auto* out = result.mutable_data_ptr<float>();
      const auto* w = weight.const_data_ptr<float>();
      kernels::for_tasks(documents, [&](std::int64_t b) {
        for (std::int64_t f = 0; f < filters; ++f) {
          for_words(b, f, [&](float g, std::int64_t row, std::int64_t k) {
            add_multiple(out + row * dim, g, w + (k * filters + f) * dim, dim);
          });
        }
      });
      return result;
    }
    [[nodiscard]] at::Tensor weight_gradient() const {
      at::Tensor result = at::zeros_like(weight);
      auto* out = result.mutable_data_ptr<float>();
      const auto* words = x.const_data_ptr<float>();
      kernels::for_tasks((filters + kFiltersPerTask - 1) / kFiltersPerTask, [&](std::int64_t task) {
        for (std::int64_t f = task * kFiltersPerTask; f < std::min(filters, (task + 1) * kFiltersPerTask);
             ++f) {
          for (std::int64_t b = 0; b < documents; ++b) {
            for_words(b, f, [&](float g, std::int64_t row, std::int64_t k) {
              add_multiple(out + (k * filters + f) * dim, g, words + row * dim, dim);
            });
          }
        }
      });
      return result;
    }

    const at::Tensor& x;
    const at::Tensor& weight;
    const std::int32_t* place;
    const float* gradient;
    const std::vector<std::int64_t>& offsets;
    std::int64_t documents, width, filters, dim;
  };
};

// Where filters of one width stand in a batch: the rows under each of their words, T for the zero row
// that follows the batch; and how many places each document has.
struct Places {
  std::vector<std::vector<std::int64_t>> rows;  // [width][places]
  std::vector<std::int64_t> offsets = {0};      // [B + 1]
};

Places filter_places(const std::vector<std::int64_t>& offsets, std::int64_t width) {
  Places places;
  places.rows.resize(static_cast<std::size_t>(width));
  for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
    const std::int64_t end = offsets[b + 1];
    const std::int64_t last = std::max(offsets[b], end - width);
    for (std::int64_t start = offsets[b]; start <= last; ++start) {
      for (std::int64_t k = 0; k < width; ++k)
        places.rows[static_cast<std::size_t>(k)].push_back(start + k < end ? start + k : offsets.back());
    }
    places.offsets.push_back(static_cast<std::int64_t>(places.rows.front().size()));
  }
  return places;
}

// The twin: rows of products are gathered where the filters stand and added up.
at::Tensor aten_convolve_max(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                             const std::vector<std::int64_t>& offsets) {
  const std::int64_t width = weight.size(0);
  const at::Tensor padded = at::cat({x, at::zeros({1, x.size(1)}, x.options())});
  const Places places = filter_places(offsets, width);
  at::Tensor sum = bias;
  for (std::int64_t k = 0; k < width; ++k) {
    const at::Tensor rows = at::tensor(places.rows[static_cast<std::size_t>(k)]).to(x.device());
    sum = sum + at::mm(padded, weight[k].t()).index_select(0, rows);
  }
  return max_pool(at::relu(sum), places.offsets);
}

}  // namespace

at::Tensor convolve_max(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                        const std::vector<std::int64_t>& offsets, Implementation implementation) {
  if (takes_kernels(x, implementation)) return ConvolveMax::apply(x, weight, bias, offsets);
  return aten_convolve_max(x, weight, bias, offsets);
}

}  // namespace quire::nn
