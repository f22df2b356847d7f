// What training knows of a network, and what classification knows of its model: documents in, logits out.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "quire/nn/batch.h"
#include "quire/nn/ops.h"
#include "quire/nn/parameters.h"

namespace quire::nn {

// A network as the loop sees it: tensors that a step moves.
class Trainable {
 public:
  virtual ~Trainable() = default;

  // Those that are marked as sparse are tables of word embeddings, which adversarial training perturbs.
  [[nodiscard]] virtual std::vector<Parameter>& parameters() = 0;
  [[nodiscard]] virtual const std::vector<Parameter>& parameters() const = 0;
  // Where they are, and where batches and labels have to be.
  [[nodiscard]] c10::Device device() const { return parameters().front().value.device(); }
  // Depths of parameters up to this one take the learning rate of layers, those above it the head's.
  [[nodiscard]] virtual std::int64_t layers() const = 0;
  // Everything about the network that the result of training depends on, in one line: a checkpoint of
  // another one is refused by it.
  [[nodiscard]] virtual std::string recipe() const = 0;

 protected:
  Trainable() = default;
  Trainable(const Trainable&) = default;
  Trainable(Trainable&&) = default;
  Trainable& operator=(const Trainable&) = default;
  Trainable& operator=(Trainable&&) = default;
};

class TextModel : public Trainable {
 public:
  // [B, classes]. With active dropout a model may look at several masks at once (multi-sample dropout,
  // Inoue 2019): [samples * B, classes], all documents of one mask together.
  [[nodiscard]] virtual at::Tensor logits(const PackedBatch& batch, const DropoutState& state) const = 0;

  // What the last linear layer reads, without dropout: [B, width]. For a probe.
  [[nodiscard]] virtual at::Tensor head_inputs(const PackedBatch& batch) const = 0;
  // Sets the last linear layer: weight [classes, width], bias [classes].
  virtual void set_output_layer(const at::Tensor& weight, const at::Tensor& bias) = 0;

  [[nodiscard]] virtual std::int64_t classes() const = 0;
};

}  // namespace quire::nn
