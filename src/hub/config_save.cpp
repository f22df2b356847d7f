#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "hub/config_names.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/json.h"
#include "quire/hub/config.h"

namespace quire {
namespace {

// The shortest decimal that is this float, so that 1e-12 stays 1e-12 as a JSON double.
double shortest(float value) { return std::stod(fmt::format("{}", value)); }

// Keys that spoke of the source and would be wrong, or a second opinion, in the copy.
void remove_stale(OrderedJson& object) {
  object.erase(hub::kOwnKey);
  for (const char* key : {"_name_or_path", "torch_dtype", "num_labels", "_num_labels", "transformers_version",
                          "id2label", "label2id", "problem_type", "quantization_config"}) {
    object.erase(key);
  }
}

void put_sizes(OrderedJson& object, const EncoderConfig& config) {
  object["vocab_size"] = config.vocab_size;
  object["hidden_size"] = config.hidden_size;
  if (family_spec(config.family).has_embedding_size) object["embedding_size"] = config.embedding_size;
  object["num_hidden_layers"] = config.layers;
  object["num_attention_heads"] = config.heads;
  object["intermediate_size"] = config.intermediate_size;
  object["max_position_embeddings"] = config.max_positions;
  object["type_vocab_size"] = config.type_vocab_size;
  object["pad_token_id"] = config.pad_token_id;
}

void put_activation(OrderedJson& object, Activation activation) {
  // gelu_new and gelu_pytorch_tanh are one function: keep the source's name for it.
  const auto found = object.find("hidden_act");
  if (found != object.end() && found->is_string() &&
      hub::activation_from_name(found->get<std::string>()) == activation) {
    return;
  }
  object["hidden_act"] = hub::activation_name(activation);
}

void put_labels(OrderedJson& object, const std::vector<std::string>& labels) {
  if (labels.empty()) return;
  OrderedJson by_id = OrderedJson::object();
  OrderedJson by_label = OrderedJson::object();
  for (std::size_t id = 0; id < labels.size(); ++id) {
    by_id[std::to_string(id)] = labels[id];
    by_label[labels[id]] = id;
  }
  object["id2label"] = std::move(by_id);
  object["label2id"] = std::move(by_label);
  object["problem_type"] = "single_label_classification";
}

}  // namespace

void save_config(const std::filesystem::path& directory, const EncoderConfig& config,
                 const std::string& architecture, const std::vector<std::string>& labels,
                 const std::map<std::string, std::string>& own) {
  OrderedJson object =
      config.json.empty() ? OrderedJson::object() : parse_ordered_json(config.json, config.file);
  remove_stale(object);
  object["architectures"] = OrderedJson::array({architecture});
  object["model_type"] = family_name(config.family);
  put_sizes(object, config);
  put_activation(object, config.activation);
  object["layer_norm_eps"] = shortest(config.layer_norm_eps);
  object["hidden_dropout_prob"] = shortest(config.hidden_dropout);
  object["attention_probs_dropout_prob"] = shortest(config.attention_dropout);
  object["classifier_dropout"] = nullptr;
  if (config.classifier_dropout) object["classifier_dropout"] = shortest(*config.classifier_dropout);
  object["initializer_range"] = shortest(config.initializer_range);
  object["dtype"] = "float32";  // what we store, whatever the source did
  put_labels(object, labels);
  if (!own.empty()) {
    OrderedJson& keys = object[hub::kOwnKey] = {{"format", hub::kOwnFormat}};
    for (const auto& [key, value] : own) keys[key] = parse_ordered_json(value, key);
  }

  const std::string text = object.dump(2, ' ', false, OrderedJson::error_handler_t::replace);
  write_file_atomically(directory / "config.json", text + "\n");
}

}  // namespace quire
