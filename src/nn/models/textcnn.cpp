#include "quire/nn/textcnn.h"

#include <fmt/format.h>

#include "nn/ops/convolve_max.h"
#include "quire/base/error.h"
#include "quire/hub/safetensors.h"
#include "quire/nn/aten.h"
#include "quire/nn/host.h"
#include "quire/nn/look_up.h"

namespace quire::nn {
TextCnn::TextCnn(const TextCnnOptions& options)
    : options_(options), store_(nullptr, 0.0, options.seed, options.device) {
  build();
}

TextCnn::TextCnn(const TextCnnOptions& options, const std::filesystem::path& weights) : TextCnn(options) {
  const SafetensorsFile file(weights);
  for (const Parameter& parameter : parameters()) {
    const TensorView* stored = file.find(parameter.names.front());
    if (stored == nullptr || stored->shape != parameter.value.sizes().vec()) {
      throw InputError(fmt::format("'{}' lacks the tensor '{}', or has it in another shape", weights.string(),
                                   parameter.names.front()),
                       "the file does not belong to this model");
    }
    fill_values(parameter.value, [&](std::span<float> values) { to_float32(*stored, values); });
  }
}

void TextCnn::build() {
  const Scope model(store_, "", 0, Origin::fresh);
  embeddings_ = (model / "embeddings").get_table("weight", {options_.vocabulary, options_.dim}, Init::words);
  for (std::int64_t width = options_.min_width; width <= options_.max_width; ++width) {
    const Scope scope = model / fmt::format("convolution.{}", width);
    convolutions_.push_back({width, scope.get("weight", {width, options_.filters, options_.dim}, Init::he),
                             scope.get("bias", {options_.filters}, Init::zeros)});
  }
  const std::int64_t features = options_.filters * static_cast<std::int64_t>(convolutions_.size());
  const Scope head(store_, "classifier", 1, Origin::fresh);
  output_.weight = head.get("weight", {options_.classes, features}, Init::zeros);
  output_.bias = head.get("bias", {options_.classes}, Init::zeros);
}

at::Tensor TextCnn::pooled(const PackedBatch& batch) const {
  const at::Tensor x = look_up_words(embeddings_, batch.ids);
  std::vector<at::Tensor> maxima;
  for (const Convolution& one : convolutions_)
    maxima.push_back(convolve_max(x, one.weight, one.bias, batch.offsets));
  return at::cat(maxima, 1);
}

at::Tensor TextCnn::logits(const PackedBatch& batch, const DropoutState& state) const {
  std::vector<std::int64_t> offsets;
  for (std::int64_t b = 0; b <= batch.size(); ++b) offsets.push_back(b);
  return output_(dropout(pooled(batch), {offsets, batch.documents}, options_.dropout, state,
                         dropout_site(1, Site::head)));
}

at::Tensor TextCnn::head_inputs(const PackedBatch& batch) const {
  const at::NoGradGuard no_grad;
  return pooled(batch);
}

void TextCnn::set_output_layer(const at::Tensor& weight, const at::Tensor& bias) {
  const at::NoGradGuard no_grad;
  at::Tensor(output_.weight).copy_(weight);
  at::Tensor(output_.bias).copy_(bias);
}

std::string TextCnn::recipe() const {
  const TextCnnOptions& o = options_;
  return fmt::format("textcnn {}x{} filters {} of {} to {} dropout {}", o.vocabulary, o.dim, o.filters,
                     o.min_width, o.max_width, o.dropout);
}

void TextCnn::save(const std::filesystem::path& path) const {
  HostValues host;
  std::vector<TensorView> views;
  for (const Parameter& parameter : parameters()) {
    views.push_back(
        view_tensor(parameter.names.front(), parameter.value.sizes().vec(), host(parameter.value)));
  }
  write_safetensors(path, views);
}

}  // namespace quire::nn
