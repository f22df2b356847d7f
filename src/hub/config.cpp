#include "quire/hub/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "hub/config_labels.h"
#include "hub/config_names.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/json.h"

namespace quire {
namespace {

constexpr std::int64_t kLargestCount = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kLargestLayers = 1000;

// ---- Keys of config.json. One that is absent or null takes its default, as in transformers -----------

std::int64_t count(const Section& root, const char* key, std::int64_t fallback, std::int64_t least = 1,
                   std::int64_t most = kLargestCount) {
  return root.has(key) ? root.count(key, least, most) : fallback;
}

// A number in [0, below).
float fraction(const Section& root, const char* key, float fallback, double below = 1.0) {
  if (!root.has(key)) return fallback;
  const Section member = root.at(key);
  const double number = member.value().is_number() ? member.value().get<double>() : -1.0;
  if (!(number >= 0.0 && number < below))
    member.fail_expecting(fmt::format("a number of at least 0 and below {}", below));
  return static_cast<float>(number);
}

[[noreturn]] void fail_because(const Section& root, const char* key, const std::string& fault) {
  throw InputError(fmt::format("{}, \"{}\" {}.", root.where(), key, fault));
}

const FamilySpec& read_family(const Section& root) {
  std::vector<std::string_view> names;
  for (const FamilySpec& spec : families()) names.push_back(spec.name);
  const std::string known = fmt::format("one of {}", fmt::join(names, ", "));
  if (!root.has("model_type")) {
    root.fail(fmt::format("the key \"model_type\" is missing, expected {}", known),
              "If this is an old BERT checkpoint, add \"model_type\": \"bert\" to the file.");
  }
  const FamilySpec* spec = find_family(root.string("model_type"));
  if (spec == nullptr)
    root.at("model_type").fail_expecting(known, "Encoders of other families cannot be loaded.");
  return *spec;
}

Activation read_activation(const Section& root) {
  const std::optional<Activation> activation = hub::activation_from_name(root.string("hidden_act", "gelu"));
  if (!activation) {
    root.at("hidden_act")
        .fail_expecting(fmt::format("one of {}", fmt::join(hub::activation_names(), ", ")),
                        "Models with another activation function cannot be loaded.");
  }
  return *activation;
}

// What would make the model something else than the encoder we build.
void refuse_variants(const Section& root) {
  for (const char* key : {"is_decoder", "add_cross_attention", "is_encoder_decoder"}) {
    if (root.flag(key, false)) root.at(key).fail_expecting("false", "Only encoders can be loaded.");
  }
  if (root.string("position_embedding_type", "absolute") != "absolute") {
    root.at("position_embedding_type")
        .fail_expecting("\"absolute\"", "Models with relative positions cannot be loaded.");
  }
}

std::string read_architecture(const Section& root) {
  if (!root.has("architectures")) return {};
  const Section names = root.at("architectures");
  if (names.value().is_array() && names.value().empty()) return {};
  if (!names.value().is_array() || !names.value().front().is_string())
    names.fail_expecting("an array of names");
  return names.value().front().get<std::string>();
}

EncoderConfig defaults_of(const FamilySpec& spec) {
  EncoderConfig config;
  config.family = spec.family;
  config.vocab_size = spec.vocab_size;
  config.hidden_size = spec.hidden_size;
  config.embedding_size = spec.embedding_size;
  config.heads = spec.heads;
  config.intermediate_size = spec.intermediate_size;
  config.pad_token_id = spec.pad_token_id;
  return config;
}

void read_sizes(const Section& root, const FamilySpec& spec, EncoderConfig& config) {
  config.vocab_size = count(root, "vocab_size", config.vocab_size);
  config.hidden_size = count(root, "hidden_size", config.hidden_size);
  config.embedding_size =
      spec.has_embedding_size ? count(root, "embedding_size", config.embedding_size) : config.hidden_size;
  config.layers = count(root, "num_hidden_layers", config.layers, 1, kLargestLayers);
  config.heads = count(root, "num_attention_heads", config.heads);
  if (config.hidden_size % config.heads != 0) {
    fail_because(root, "num_attention_heads",
                 fmt::format("is {}, expected a divisor of \"hidden_size\", which is {}", config.heads,
                             config.hidden_size));
  }
  config.intermediate_size = count(root, "intermediate_size", config.intermediate_size);
  config.max_positions = count(root, "max_position_embeddings", config.max_positions);
  config.type_vocab_size = count(root, "type_vocab_size", config.type_vocab_size);
  config.pad_token_id = count(root, "pad_token_id", config.pad_token_id, 0, config.vocab_size - 1);
  if (config.max_length() < 1) {
    fail_because(root, "max_position_embeddings",
                 fmt::format("is {}, expected more than \"pad_token_id\" + 1, which is {}",
                             config.max_positions, config.pad_token_id + 1));
  }
}

// Quire's own keys stand in one object. Before the first release they were scattered.
void check_own(const Section& root) {
  for (const auto& [key, value] : root.value().items()) {
    if (!key.starts_with(hub::kOldPrefix)) continue;
    root.fail(fmt::format("the key {} was written by an older Quire", in_quotes(key)),
              "Train again: files of before the first release cannot be read.");
  }
  if (root.has(hub::kOwnKey)) check_format(root.at(hub::kOwnKey), hub::kOwnFormat);
}

std::string quoted(const std::filesystem::path& path) { return fmt::format("\"{}\"", path.string()); }

}  // namespace

std::int64_t EncoderConfig::max_length() const {
  return family_spec(family).positions_follow_padding ? max_positions - pad_token_id - 1 : max_positions;
}

EncoderConfig load_config(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "config.json";
  std::error_code code;
  if (!std::filesystem::is_directory(directory, code)) {
    throw InputError(fmt::format("There is no directory {}.", quoted(directory)),
                     "A model is a directory with config.json, model.safetensors and its tokenizer's files.");
  }
  if (!std::filesystem::exists(path, code)) {
    throw InputError(fmt::format("The directory {} has no config.json.", quoted(directory)),
                     "A model is a directory with config.json, model.safetensors and its tokenizer's files.");
  }
  std::string text = read_file(path);
  const Json object = parse_json(text, path);
  const Section root(object, quoted(path));
  root.expect_object();
  check_own(root);

  const FamilySpec& spec = read_family(root);
  EncoderConfig config = defaults_of(spec);
  refuse_variants(root);
  read_sizes(root, spec, config);
  config.activation = read_activation(root);
  config.layer_norm_eps = fraction(root, "layer_norm_eps", config.layer_norm_eps);
  config.hidden_dropout = fraction(root, "hidden_dropout_prob", config.hidden_dropout);
  config.attention_dropout = fraction(root, "attention_probs_dropout_prob", config.attention_dropout);
  if (root.has("classifier_dropout")) config.classifier_dropout = fraction(root, "classifier_dropout", 0.0F);
  config.initializer_range = fraction(root, "initializer_range", config.initializer_range, 100.0);
  hub::read_labels(root, config);
  config.architecture = read_architecture(root);
  config.problem_type = root.string("problem_type", "");
  config.json = std::move(text);
  config.file = path;
  return config;
}

Section own_settings(const EncoderConfig& config) {
  const std::string where = fmt::format("{}, \"{}\"", quoted(config.file), hub::kOwnKey);
  if (config.json.empty()) return Section::owning(Json::object(), where);
  Json object = parse_json(config.json, config.file);
  const auto found = object.find(hub::kOwnKey);
  if (found == object.end() || found->is_null()) return Section::owning(Json::object(), where);
  return Section::owning(std::move(*found), where);
}

}  // namespace quire
