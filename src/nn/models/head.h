// Classification heads: from the features of a batch's tokens to logits of its documents.
#pragma once

#include <memory>

#include "quire/nn/classifier.h"

namespace quire::nn {

// Names of tensors that transformers does not know begin with it.
inline constexpr std::string_view kHeadPrefix = "quire_head.";

// Can transformers hold a head with these options?
[[nodiscard]] bool is_portable(const ClassifierOptions& options);

// Vectors of the sequences [S, width] to vectors of the documents [B, width].
class WindowPool {
 public:
  WindowPool() = default;
  WindowPool(const ClassifierOptions& options, const Scope& scope, std::int64_t width);
  [[nodiscard]] at::Tensor operator()(const at::Tensor& vectors, const PackedBatch& batch) const;

 private:
  WindowPooling kind_ = WindowPooling::mean;
  Linear dense_;
  at::Tensor context_;  // [width]
};

// Attention pooling (Yang et al. 2016): softmax over the rows of context . tanh(dense(row)).
[[nodiscard]] at::Tensor attention_pool(const at::Tensor& rows, std::span<const std::int64_t> offsets,
                                        const Linear& dense, const at::Tensor& context);

// What head construction needs to know.
struct HeadContext {
  const ClassifierOptions& options;
  const EncoderConfig& config;
  ParameterStore& store;
  std::int64_t width;  // of the features
  Origin origin;       // of the head's own tensors: fresh to train, stored to predict

  [[nodiscard]] std::int64_t depth() const { return config.layers + 1; }
  [[nodiscard]] Scope own(std::string_view name = {}) const;
};

// The base holds what all heads end in: dropout and a linear layer.
class Head {
 public:
  Head(const HeadContext& context, double dropout);
  virtual ~Head() = default;
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;

  // Whether `inputs` looks at no other row of a sequence.
  [[nodiscard]] virtual bool reads_first_tokens() const { return false; }
  // From features [T, width] to what the last layer reads, [B, in].
  [[nodiscard]] virtual at::Tensor inputs(const at::Tensor& features, const PackedBatch& batch,
                                          const DropoutState& state) const = 0;
  // [B, classes], or as TextModel::logits says with several dropout samples.
  [[nodiscard]] at::Tensor logits(const at::Tensor& inputs, const PackedBatch& batch,
                                  const DropoutState& state) const;
  [[nodiscard]] const Linear& output() const { return output_; }

 protected:
  // Dropout on one row for each document.
  [[nodiscard]] at::Tensor drop(const at::Tensor& x, const PackedBatch& batch, const DropoutState& state,
                                double rate, std::uint32_t site) const;

  Linear output_;
  double rate_;
  std::int64_t depth_;

 private:
  std::int64_t samples_;
};

[[nodiscard]] std::unique_ptr<Head> make_head(const HeadContext& context);

}  // namespace quire::nn
