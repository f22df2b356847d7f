// TextCNN (Kim 2014): filters over windows of words, the maximum of each over the text, a linear layer.
#pragma once

#include <filesystem>
#include <optional>

#include "quire/nn/encoder.h"
#include "quire/nn/model.h"

namespace quire::nn {

struct TextCnnOptions {
  std::int64_t vocabulary = 0;  // rows of the table of embeddings
  std::int64_t dim = 300;
  std::int64_t filters = 256;  // of each width
  std::int64_t min_width = 1, max_width = 3;
  double dropout = 0.5;  // before the last layer
  std::int64_t classes = 0;
  std::uint64_t seed = 42;
  c10::Device device = c10::kCPU;
};

class TextCnn : public TextModel {
 public:
  // At random; embeddings as in the paper, uniform within 0.25.
  explicit TextCnn(const TextCnnOptions& options);
  // Opens what `save` wrote. InputError for a file that does not fit.
  TextCnn(const TextCnnOptions& options, const std::filesystem::path& weights);

  // A filter never crosses into another document. A document shorter than a filter is read as if zero
  // vectors followed it.
  [[nodiscard]] at::Tensor logits(const PackedBatch& batch, const DropoutState& state) const override;
  [[nodiscard]] at::Tensor head_inputs(const PackedBatch& batch) const override;
  void set_output_layer(const at::Tensor& weight, const at::Tensor& bias) override;

  [[nodiscard]] std::vector<Parameter>& parameters() override { return store_.parameters(); }
  [[nodiscard]] const std::vector<Parameter>& parameters() const override { return store_.parameters(); }
  [[nodiscard]] std::int64_t layers() const override { return 0; }
  [[nodiscard]] std::int64_t classes() const override { return options_.classes; }
  [[nodiscard]] std::string recipe() const override;

  // The table of embeddings, [vocabulary, dim].
  [[nodiscard]] const at::Tensor& embeddings() const { return embeddings_; }

  // model.safetensors: embeddings.weight [vocabulary, dim], convolution.W.weight [W, filters, dim] (the
  // transpose of torch.nn.Conv1d's [filters, dim, W]), convolution.W.bias, classifier.weight and bias.
  void save(const std::filesystem::path& path) const;

 private:
  void build();
  [[nodiscard]] at::Tensor pooled(const PackedBatch& batch) const;

  TextCnnOptions options_;
  ParameterStore store_;
  at::Tensor embeddings_;
  struct Convolution {
    std::int64_t width = 0;
    at::Tensor weight;  // [width, filters, dim]
    at::Tensor bias;    // [filters]
  };
  std::vector<Convolution> convolutions_;
  Linear output_;
};

}  // namespace quire::nn
