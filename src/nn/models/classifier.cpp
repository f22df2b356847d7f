#include "quire/nn/classifier.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "nn/models/head.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/json.h"
#include "quire/nn/aten.h"
#include "quire/nn/host.h"

namespace quire::nn {
namespace {

constexpr const char* kHeadKey = "head";  // in config.json, "quire", when the head is not the family's

EncoderConfig with_dropout(EncoderConfig config, double dropout) {
  if (dropout < 0) return config;
  const auto rate = static_cast<float>(dropout);
  config.hidden_dropout = rate;
  config.attention_dropout = rate;
  config.classifier_dropout = rate;
  return config;
}

// The class transformers uses for a family, with and without its classification head.
std::string architecture(Family family, bool classifier) {
  return fmt::format("{}{}", family_spec(family).class_stem,
                     classifier ? "ForSequenceClassification" : "Model");
}

bool belongs_to_classifier(const std::string& name) { return name.starts_with("classifier."); }

// How the head of a directory of ours was made; a directory of transformers has the standard one.
ClassifierOptions stored_options(const EncoderConfig& config) {
  ClassifierOptions options;
  options.new_head = false;
  const Section own = own_settings(config);
  if (!own.has(kHeadKey)) return options;
  const Section head = own.at(kHeadKey).expect_object();
  options.head = parse_head(head.string("kind", "standard"));
  options.features = parse_features(head.string("features", "last"), config.layers);
  options.windows = head.has("window_pooling");
  options.window_pooling = parse_window_pooling(head.string("window_pooling", "mean"));
  return options;
}

std::string window_pooling_name(WindowPooling pooling) {
  return pooling == WindowPooling::mean ? "mean" : pooling == WindowPooling::max ? "max" : "attention";
}

std::string describe_head(const ClassifierOptions& options) {
  Json head = {{"kind", head_name(options.head)}, {"features", features_name(options.features)}};
  if (options.windows) head["window_pooling"] = window_pooling_name(options.window_pooling);
  return head.dump();
}

// The lowest hidden state that the head reads.
std::int64_t first_state(const Features& features, std::int64_t layers) {
  switch (features.kind) {
    case Features::Kind::last:
      return layers;
    case Features::Kind::layer:
      return features.n;
    case Features::Kind::mix:
      return 0;
    default:  // of the last n layers
      return layers + 1 - features.n;
  }
}

std::int64_t features_width(const Features& features, const EncoderConfig& config) {
  return features.kind == Features::Kind::concat ? features.n * config.hidden_size : config.hidden_size;
}

}  // namespace

Classifier::Classifier(EncoderConfig config, Checkpoint* checkpoint, const ClassifierOptions& options)
    : options_(options),
      store_(checkpoint, static_cast<double>(config.initializer_range), options.seed, options.device),
      encoder_(with_dropout(std::move(config), options.dropout), store_, options.precision) {
  const HeadContext context{.options = options_,
                            .config = encoder_.config(),
                            .store = store_,
                            .width = features_width(options_.features, encoder_.config()),
                            .origin = options_.new_head ? Origin::fresh : Origin::stored};
  head_ = make_head(context);
  if (options_.features.kind == Features::Kind::mix) {
    mix_weights_ = context.own("mix").get("weights", {encoder_.config().layers + 1}, Init::zeros);
    mix_scale_ = context.own("mix").get("scale", {1}, Init::ones);
  }
  if (options_.reinit_layers > 0) reinitialise_top_layers();
  mark_unused_layers();
}

Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;

Classifier Classifier::open(const std::filesystem::path& directory, Precision precision, c10::Device device) {
  Checkpoint checkpoint(directory);
  ClassifierOptions options = stored_options(checkpoint.config());
  options.precision = precision;
  options.device = device;
  options.classes = static_cast<std::int64_t>(checkpoint.class_names().size());
  if (options.classes == 0) {
    throw InputError(fmt::format("'{}' holds an encoder without a classifier", directory.string()),
                     "name a run of `quire train` or a directory fine-tuned for sequence classification");
  }
  return Classifier(checkpoint.config(), &checkpoint, options);
}

// The pooler reads the top layer and starts afresh with it.
void Classifier::reinitialise_top_layers() {
  if (options_.reinit_layers > config().layers) {
    throw InputError(fmt::format("--reinit-layers is {}", options_.reinit_layers),
                     fmt::format("the encoder has {} layers", config().layers));
  }
  const std::int64_t lowest = config().layers - options_.reinit_layers + 1;
  for (std::size_t i = 0; i < parameters().size(); ++i) {
    if (parameters()[i].depth >= lowest && parameters()[i].pretrained) store_.reinitialise(i);
  }
}

// They are saved with the rest: a directory holds the whole encoder.
void Classifier::mark_unused_layers() {
  const std::int64_t highest = highest_layer(options_.features, config().layers);
  for (Parameter& parameter : parameters()) {
    if (parameter.depth <= highest || parameter.depth > config().layers) continue;
    parameter.unused = parameter.frozen = true;
    parameter.value.set_requires_grad(false);
  }
}

at::Tensor Classifier::select_features(const PackedBatch& batch, const DropoutState& state) const {
  const Features& features = options_.features;
  const std::vector<at::Tensor> states = encoder_.hidden_states(
      batch, state, highest_layer(features, config().layers), first_state(features, config().layers));
  const auto last = [&] {
    return at::TensorList(states).slice(states.size() - static_cast<std::size_t>(features.n));
  };
  switch (features.kind) {
    case Features::Kind::last:
    case Features::Kind::layer:
      return states.back();
    case Features::Kind::mean:
      return at::stack(last()).mean(0);
    case Features::Kind::max:
      return at::stack(last()).amax(0);
    case Features::Kind::concat:
      return at::cat(last(), 1);
    case Features::Kind::mix:
      return mix_scale_ * at::einsum("l,lth->th", {at::softmax(mix_weights_, 0), at::stack(states)});
  }
  return states.back();
}

at::Tensor Classifier::inputs(const PackedBatch& batch, const DropoutState& state) const {
  if (options_.features.kind == Features::Kind::last && head_->reads_first_tokens())
    return head_->inputs(encoder_.first_tokens(batch, state), first_rows(batch), state);
  return head_->inputs(select_features(batch, state), batch, state);
}

at::Tensor Classifier::logits(const PackedBatch& batch, const DropoutState& state) const {
  return head_->logits(inputs(batch, state), batch, state);
}

at::Tensor Classifier::head_inputs(const PackedBatch& batch) const {
  const at::NoGradGuard no_grad;
  return inputs(batch, {});
}

void Classifier::set_output_layer(const at::Tensor& weight, const at::Tensor& bias) {
  const at::NoGradGuard no_grad;
  const Linear& output = head_->output();
  TORCH_CHECK(weight.sizes() == output.weight.sizes() && bias.sizes() == output.bias.sizes(),
              "the output layer has another shape");
  at::Tensor(output.weight).copy_(weight);
  at::Tensor(output.bias).copy_(bias);
}

void Classifier::freeze(std::int64_t layers, bool embeddings) {
  if (layers > config().layers) {
    throw InputError(fmt::format("--freeze-layers is {}", layers),
                     fmt::format("the encoder has {} layers", config().layers));
  }
  for (Parameter& parameter : parameters()) {
    const bool below = parameter.depth == 0 ? embeddings : parameter.depth <= layers;
    if (!below) continue;
    parameter.frozen = true;
    parameter.value.set_requires_grad(false);
  }
}

std::string Classifier::recipe() const {
  const ClassifierOptions& o = options_;
  return fmt::format("encoder {}x{} head {} {} windows {} {} dropout {} {} reinit {} precision {}",
                     config().layers, config().hidden_size, head_name(o.head), features_name(o.features),
                     o.windows, window_pooling_name(o.window_pooling), o.dropout, o.dropout_samples,
                     o.reinit_layers, static_cast<int>(o.precision));
}

bool Classifier::portable() const { return is_portable(options_); }

void Classifier::save(const std::filesystem::path& directory, const std::vector<std::string>& labels,
                      std::map<std::string, std::string> own) const {
  make_directories(directory);
  const bool standard = portable();
  // A plain encoder has unprefixed names; inside a model with a head it lies under the family's.
  const std::string prefix = standard ? fmt::format("{}.", family_name(config().family)) : "";
  HostValues host;
  std::vector<TensorView> encoder;
  std::vector<TensorView> head;
  for (const Parameter& parameter : parameters()) {
    const std::string& name = parameter.names.front();
    if (name.starts_with(kHeadPrefix)) {
      append_views(parameter, "", Ties::once, host, head);
    } else {
      append_views(parameter, belongs_to_classifier(name) ? "" : prefix, Ties::once, host, encoder);
    }
  }
  if (!standard) own[kHeadKey] = describe_head(options_);
  if (!head.empty()) {
    write_safetensors(directory / kOwnHeadFile, head,
                      {{"format", "pt"}, {kFormatKey, std::to_string(kOwnHeadFormat)}});
  }
  write_safetensors(directory / "model.safetensors", encoder);
  save_config(directory, config(), architecture(config().family, standard), labels, own);
}

}  // namespace quire::nn
