#include "nn/head.h"

#include <fmt/format.h>

#include <numeric>

#include "nn/aten.h"
#include "quire/base/error.h"

namespace quire::nn {
namespace {

// One row for each document: what pooled vectors are.
class PooledDropout {
 public:
  PooledDropout(const PackedBatch& batch, const DropoutState& state, double rate, std::int64_t depth)
      : batch_(batch), state_(state), rate_(rate), depth_(depth), offsets_(batch.documents.size() + 1) {
    std::iota(offsets_.begin(), offsets_.end(), std::int64_t{0});
  }
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x, Site site) const {
    return dropout(x, {offsets_, batch_.documents}, rate_, state_, dropout_site(depth_, site));
  }

 private:
  const PackedBatch& batch_;
  const DropoutState& state_;
  double rate_;
  std::int64_t depth_;
  std::vector<std::int64_t> offsets_;
};

// BertForSequenceClassification: the pooler (dense, tanh on the first token), then a linear layer.
// A pooler that comes with the encoder learns like its top layer.
class BertHead : public Head {
 public:
  BertHead(const EncoderConfig& config, ParameterStore& store, std::int64_t classes, Origin origin)
      : rate_(static_cast<double>(config.head_dropout())), depth_(config.layers + 1) {
    const bool pretrained = store.has("pooler.dense.weight");
    const Origin pooler_origin = origin == Origin::fresh ? Origin::stored_or_new : Origin::stored;
    pooler_ = Linear(Scope(store, "pooler.dense", pretrained ? config.layers : depth_, pooler_origin),
                     config.hidden_size, config.hidden_size);
    classifier_ = Linear(Scope(store, "classifier", depth_, origin), config.hidden_size, classes);
  }
  [[nodiscard]] at::Tensor logits(const at::Tensor& hidden, const PackedBatch& batch,
                                  const DropoutState& state) const override {
    const PooledDropout drop(batch, state, rate_, depth_);
    return classifier_(drop(at::tanh(pooler_(first_token(hidden, batch))), Site::head));
  }

 private:
  double rate_;
  std::int64_t depth_;
  Linear pooler_, classifier_;
};

// RobertaClassificationHead and ElectraClassificationHead: dropout, dense, activation, dropout,
// out_proj on the first token; tanh in the former, GELU in the latter.
class TwoLayerHead : public Head {
 public:
  TwoLayerHead(const EncoderConfig& config, ParameterStore& store, std::int64_t classes, Origin origin)
      : rate_(static_cast<double>(config.head_dropout())),
        depth_(config.layers + 1),
        activation_(config.family == Family::electra ? Activation::gelu : Activation::tanh) {
    const Scope scope(store, "classifier", depth_, origin);
    dense_ = Linear(scope / "dense", config.hidden_size, config.hidden_size);
    out_ = Linear(scope / "out_proj", config.hidden_size, classes);
  }
  [[nodiscard]] at::Tensor logits(const at::Tensor& hidden, const PackedBatch& batch,
                                  const DropoutState& state) const override {
    const PooledDropout drop(batch, state, rate_, depth_);
    const at::Tensor inner =
        activate(dense_(drop(first_token(hidden, batch), Site::head_inner)), activation_);
    return out_(drop(inner, Site::head));
  }

 private:
  double rate_;
  std::int64_t depth_;
  Activation activation_;
  Linear dense_, out_;
};

class MeanHead : public Head {
 public:
  MeanHead(const EncoderConfig& config, ParameterStore& store, std::int64_t classes, Origin origin)
      : rate_(static_cast<double>(config.head_dropout())), depth_(config.layers + 1) {
    out_ = Linear(Scope(store, "quire_head", depth_, origin), config.hidden_size, classes);
  }
  [[nodiscard]] at::Tensor logits(const at::Tensor& hidden, const PackedBatch& batch,
                                  const DropoutState& state) const override {
    return out_(PooledDropout(batch, state, rate_, depth_)(mean_pool(hidden, batch), Site::head));
  }

 private:
  double rate_;
  std::int64_t depth_;
  Linear out_;
};

}  // namespace

HeadKind parse_head(std::string_view name) {
  if (name == "standard") return HeadKind::standard;
  if (name == "mean") return HeadKind::mean;
  throw InputError(fmt::format("no head is called '{}'", name), "known heads: standard, mean");
}

std::string_view head_name(HeadKind kind) { return kind == HeadKind::mean ? "mean" : "standard"; }

std::unique_ptr<Head> make_head(const ClassifierOptions& options, const EncoderConfig& config,
                                ParameterStore& store, Origin origin) {
  if (options.head == HeadKind::mean)
    return std::make_unique<MeanHead>(config, store, options.classes, origin);
  if (config.family == Family::bert)
    return std::make_unique<BertHead>(config, store, options.classes, origin);
  return std::make_unique<TwoLayerHead>(config, store, options.classes, origin);
}

}  // namespace quire::nn
