#include "quire/nn/classifier.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "nn/aten.h"
#include "nn/head.h"
#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire::nn {
namespace {

constexpr std::string_view kHeadPrefix = "quire_head.";
constexpr const char* kHeadKey = "quire_head";  // in config.json, when the head is not the family's

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
  const char* stem = family == Family::bert ? "Bert" : family == Family::roberta ? "Roberta" : "Electra";
  return fmt::format("{}{}", stem, classifier ? "ForSequenceClassification" : "Model");
}

// A tensor's rows cut into equal parts, one for each stored name, as views for writing.
void append_views(const Parameter& parameter, std::string_view prefix, std::vector<TensorView>& views) {
  const at::Tensor& value = parameter.value;
  const auto parts = static_cast<std::int64_t>(parameter.names.size());
  const std::int64_t elements = value.numel() / parts;
  std::vector<std::int64_t> shape = value.sizes().vec();
  shape[0] /= parts;
  for (std::int64_t part = 0; part < parts; ++part) {
    const float* data = value.const_data_ptr<float>() + part * elements;
    views.push_back(view_tensor(fmt::format("{}{}", prefix, parameter.names[static_cast<std::size_t>(part)]),
                                shape, std::span(data, static_cast<std::size_t>(elements))));
  }
}

bool belongs_to_classifier(const std::string& name) { return name.starts_with("classifier."); }

HeadKind stored_head(const EncoderConfig& config) {
  const std::optional<std::string> head = config_value(config, kHeadKey);
  if (!head) return HeadKind::standard;
  return parse_head(nlohmann::json::parse(*head).value("kind", "standard"));
}

}  // namespace

Classifier::Classifier(EncoderConfig config, Checkpoint* checkpoint, const ClassifierOptions& options)
    : options_(options),
      store_(checkpoint, static_cast<double>(config.initializer_range), options.seed),
      encoder_(with_dropout(std::move(config), options.dropout), store_),
      head_(make_head(options_, encoder_.config(), store_,
                      options.new_head ? Origin::fresh : Origin::stored)) {}

Classifier Classifier::open(const std::filesystem::path& directory) {
  Checkpoint checkpoint(directory);
  ClassifierOptions options;
  options.head = stored_head(checkpoint.config());
  options.classes = static_cast<std::int64_t>(checkpoint.class_names().size());
  options.new_head = false;
  if (options.classes == 0) {
    throw InputError(fmt::format("'{}' holds an encoder without a classifier", directory.string()),
                     "name a run of `quire train` or a directory fine-tuned for sequence classification");
  }
  return Classifier(checkpoint.config(), &checkpoint, options);
}

at::Tensor Classifier::logits(const PackedBatch& batch, const DropoutState& state) const {
  return head_->logits(encoder_.hidden_states(batch, state).back(), batch, state);
}

void Classifier::save(const std::filesystem::path& directory, const std::vector<std::string>& labels,
                      std::map<std::string, std::string> extras) const {
  make_directories(directory);
  const bool standard = options_.head == HeadKind::standard;
  // A plain encoder has unprefixed names; inside a model with a head it lies under the family's.
  const std::string prefix = standard ? fmt::format("{}.", family_name(config().family)) : "";
  std::vector<TensorView> encoder;
  std::vector<TensorView> head;
  for (const Parameter& parameter : parameters()) {
    const std::string& name = parameter.names.front();
    if (name.starts_with(kHeadPrefix)) {
      append_views(parameter, "", head);
    } else {
      append_views(parameter, belongs_to_classifier(name) ? "" : prefix, encoder);
    }
  }
  if (!standard) extras[kHeadKey] = nlohmann::json{{"kind", head_name(options_.head)}}.dump();
  if (!head.empty()) write_safetensors(directory / "quire_head.safetensors", head);
  write_safetensors(directory / "model.safetensors", encoder);
  save_config(directory, config(), architecture(config().family, standard), labels, extras);
}

}  // namespace quire::nn
