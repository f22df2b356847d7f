#include "nn/models/head.h"

#include <fmt/format.h>

#include "nn/ops/lstm.h"
#include "quire/base/error.h"
#include "quire/nn/aten.h"

namespace quire::nn {
namespace {

constexpr double kLstmDropout = 0.3;

// The tensors of a family's own head lie where transformers looks for them, or, when it could not
// use them, under our prefix.
std::string standard_name(const ClassifierOptions& options, std::string_view name) {
  return fmt::format("{}{}", is_portable(options) ? "" : kHeadPrefix, name);
}

// BertForSequenceClassification: the pooler (dense, tanh on the first token), then a linear layer.
// A pooler that comes with the encoder learns like its top layer; it was trained on the last
// layer's output, so other features get a new one.
class PoolerHead : public Head {
 public:
  explicit PoolerHead(const HeadContext& c) : Head(c, static_cast<double>(c.config.head_dropout())) {
    if (c.options.features.kind == Features::Kind::last) {
      const bool pretrained = c.store.has("pooler.dense.weight");
      const Origin origin = c.origin == Origin::fresh ? Origin::stored_or_new : Origin::stored;
      pooler_ = Linear(Scope(c.store, "pooler.dense", pretrained ? c.config.layers : c.depth(), origin),
                       c.config.hidden_size, c.config.hidden_size);
    } else {
      pooler_ = Linear(c.own("pooler"), c.width, c.config.hidden_size);
    }
    windows_ = WindowPool(c.options, c.own("windows"), c.width);
    output_ = Linear(Scope(c.store, standard_name(c.options, "classifier"), c.depth(), c.origin),
                     c.config.hidden_size, c.options.classes);
  }
  [[nodiscard]] bool reads_first_tokens() const override { return true; }
  [[nodiscard]] at::Tensor inputs(const at::Tensor& features, const PackedBatch& batch,
                                  const DropoutState& /*state*/) const override {
    return at::tanh(pooler_(windows_(first_token(features, batch), batch)));
  }

 private:
  Linear pooler_;
  WindowPool windows_;
};

// RobertaClassificationHead and ElectraClassificationHead: dropout, dense, activation, dropout,
// out_proj on the first token; tanh in the former, GELU in the latter.
class TwoLayerHead : public Head {
 public:
  explicit TwoLayerHead(const HeadContext& c)
      : Head(c, static_cast<double>(c.config.head_dropout())),
        activation_(family_spec(c.config.family).head_activation) {
    const Scope scope(c.store, standard_name(c.options, "classifier"), c.depth(), c.origin);
    dense_ = Linear(scope / "dense", c.width, c.config.hidden_size);
    windows_ = WindowPool(c.options, c.own("windows"), c.width);
    output_ = Linear(scope / "out_proj", c.config.hidden_size, c.options.classes);
  }
  [[nodiscard]] bool reads_first_tokens() const override { return true; }
  [[nodiscard]] at::Tensor inputs(const at::Tensor& features, const PackedBatch& batch,
                                  const DropoutState& state) const override {
    const at::Tensor first = windows_(first_token(features, batch), batch);
    return activate(dense_(drop(first, batch, state, rate_, dropout_site(depth_, Site::head_inner))),
                    activation_);
  }

 private:
  Activation activation_;
  Linear dense_;
  WindowPool windows_;
};

// Mean, maximum, or both with the first token beside them.
class PoolingHead : public Head {
 public:
  explicit PoolingHead(const HeadContext& c)
      : Head(c, static_cast<double>(c.config.head_dropout())), kind_(c.options.head) {
    const std::int64_t width = kind_ == HeadKind::concat ? 3 * c.width : c.width;
    windows_ = WindowPool(c.options, c.own("windows"), width);
    output_ = Linear(c.own(), width, c.options.classes);
  }
  [[nodiscard]] at::Tensor inputs(const at::Tensor& features, const PackedBatch& batch,
                                  const DropoutState& /*state*/) const override {
    return windows_(pool(features, batch), batch);
  }

 private:
  [[nodiscard]] at::Tensor pool(const at::Tensor& features, const PackedBatch& batch) const {
    if (kind_ == HeadKind::mean) return mean_pool(features, batch);
    if (kind_ == HeadKind::max) return max_pool(features, batch.offsets);
    return at::cat(
        {mean_pool(features, batch), max_pool(features, batch.offsets), first_token(features, batch)}, 1);
  }

  HeadKind kind_;
  WindowPool windows_;
};

class AttentionHead : public Head {
 public:
  explicit AttentionHead(const HeadContext& c) : Head(c, static_cast<double>(c.config.head_dropout())) {
    dense_ = Linear(c.own("attention.dense"), c.width, c.config.hidden_size);
    context_ = c.own("attention").get("context", {c.config.hidden_size}, Init::normal);
    windows_ = WindowPool(c.options, c.own("windows"), c.width);
    output_ = Linear(c.own(), c.width, c.options.classes);
  }
  [[nodiscard]] at::Tensor inputs(const at::Tensor& features, const PackedBatch& batch,
                                  const DropoutState& /*state*/) const override {
    return windows_(attention_pool(features, batch.offsets, dense_, context_), batch);
  }

 private:
  Linear dense_;
  at::Tensor context_;
  WindowPool windows_;
};

class BiLstmHead : public Head {
 public:
  explicit BiLstmHead(const HeadContext& c) : Head(c, kLstmDropout) {
    const std::int64_t hidden = c.config.hidden_size;
    lstm_ = BiLstm(c.own("lstm"), c.width, hidden, c.options.precision);
    windows_ = WindowPool(c.options, c.own("windows"), 2 * hidden);
    output_ = Linear(c.own(), 2 * hidden, c.options.classes);
  }
  [[nodiscard]] at::Tensor inputs(const at::Tensor& features, const PackedBatch& batch,
                                  const DropoutState& /*state*/) const override {
    return windows_(mean_pool(lstm_(features, batch), batch), batch);
  }

 private:
  BiLstm lstm_;
  WindowPool windows_;
};

}  // namespace

bool is_portable(const ClassifierOptions& options) {
  return options.head == HeadKind::standard && options.features.kind == Features::Kind::last &&
         !options.windows;
}

Scope HeadContext::own(std::string_view name) const {
  const std::string_view base = kHeadPrefix.substr(0, kHeadPrefix.size() - 1);
  const Scope scope(store, std::string(base), depth(), origin);
  return name.empty() ? scope : scope / name;
}

Head::Head(const HeadContext& context, double dropout)
    // --dropout speaks for the whole network.
    : rate_(context.options.dropout < 0 ? dropout : context.options.dropout),
      depth_(context.depth()),
      samples_(context.options.dropout_samples) {}

at::Tensor Head::drop(const at::Tensor& x, const PackedBatch& batch, const DropoutState& state, double rate,
                      std::uint32_t site) const {
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(batch.size()) + 1);
  std::vector<std::uint32_t> keys;
  keys.reserve(offsets.size());
  for (std::size_t b = 0; b < offsets.size(); ++b) {
    offsets[b] = static_cast<std::int64_t>(b);
    if (b > 0) keys.push_back(batch.documents[static_cast<std::size_t>(batch.windows[b - 1])]);
  }
  return dropout(x, {offsets, keys}, rate, state, site);
}

at::Tensor Head::logits(const at::Tensor& inputs, const PackedBatch& batch, const DropoutState& state) const {
  if (!state.active || samples_ == 1)
    return output_(drop(inputs, batch, state, rate_, dropout_site(depth_, Site::head)));
  std::vector<at::Tensor> samples;
  for (std::int64_t i = 0; i < samples_; ++i) {
    // The head has no attention of its own: those sites are free.
    const std::uint32_t site = dropout_site(depth_, Site::attention) + static_cast<std::uint32_t>(i);
    samples.push_back(drop(inputs, batch, state, rate_, site));
  }
  return output_(at::cat(samples));
}

std::unique_ptr<Head> make_head(const HeadContext& context) {
  switch (context.options.head) {
    case HeadKind::standard:
      if (family_spec(context.config.family).head == HeadForm::pooler)
        return std::make_unique<PoolerHead>(context);
      return std::make_unique<TwoLayerHead>(context);
    case HeadKind::mean:
    case HeadKind::max:
    case HeadKind::concat:
      return std::make_unique<PoolingHead>(context);
    case HeadKind::attention:
      return std::make_unique<AttentionHead>(context);
    case HeadKind::bilstm:
      return std::make_unique<BiLstmHead>(context);
  }
  throw Error("a head of an unknown kind was asked for");
}

}  // namespace quire::nn
