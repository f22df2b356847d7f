#include "quire/hub/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

#include "hub/config_names.h"
#include "hub/json.h"
#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire {
namespace {

using hub::Json;

constexpr std::int64_t kLargestCount = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kLargestLayers = 1000;

// Typed access to the keys of config.json. A key that is absent or null takes its default, as in
// transformers.
class ConfigReader {
 public:
  ConfigReader(const Json& object, const std::filesystem::path& path) : object_(object), path_(path) {}

  [[nodiscard]] std::int64_t count(const char* key, std::int64_t fallback, std::int64_t least = 1,
                                   std::int64_t most = kLargestCount) const {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    const bool fits = value->is_number_integer() &&
                      (!value->is_number_unsigned() || value->get<std::uint64_t>() <= kLargestUnsigned);
    const std::int64_t number = fits ? value->get<std::int64_t>() : -1;
    if (!fits || number < least || number > most) {
      fail(key, *value, fmt::format("a whole number from {} to {}", least, most));
    }
    return number;
  }

  // A number in [0, below).
  [[nodiscard]] float fraction(const char* key, float fallback, double below = 1.0) const {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    const double number = value->is_number() ? value->get<double>() : -1.0;
    if (!(number >= 0.0 && number < below)) {
      fail(key, *value, fmt::format("a number of at least 0 and below {}", below));
    }
    return static_cast<float>(number);
  }

  [[nodiscard]] bool flag(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr) return false;
    if (!value->is_boolean()) fail(key, *value, "true or false");
    return value->get<bool>();
  }

  [[nodiscard]] std::string text(const char* key, std::string_view fallback = {}) const {
    const Json* value = find(key);
    if (value == nullptr) return std::string(fallback);
    if (!value->is_string()) fail(key, *value, "a string");
    return value->get<std::string>();
  }

  [[nodiscard]] const Json* find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  [[noreturn]] void fail(const char* key, const Json& found, std::string_view expected,
                         const std::string& hint = {}) const {
    fail_because(key, fmt::format("is {}, expected {}", hub::shown(found), expected), hint);
  }
  [[noreturn]] void fail_because(const char* key, const std::string& fault,
                                 const std::string& hint = {}) const {
    throw InputError(fmt::format("\"{}\": the key \"{}\" {}.", path_.string(), key, fault), hint);
  }

 private:
  static constexpr auto kLargestUnsigned =
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

  const Json& object_;
  const std::filesystem::path& path_;
};

Family read_family(const ConfigReader& reader) {
  const Json* value = reader.find("model_type");
  const std::string known = fmt::format("one of {}", fmt::join(hub::family_names(), ", "));
  if (value == nullptr) {
    reader.fail_because("model_type", fmt::format("is missing, expected {}", known),
                        "If this is an old BERT checkpoint, add \"model_type\": \"bert\" to the file.");
  }
  const std::optional<Family> family = hub::family_from_name(reader.text("model_type"));
  if (!family) reader.fail("model_type", *value, known, "Encoders of other families cannot be loaded.");
  return *family;
}

Activation read_activation(const ConfigReader& reader) {
  const std::optional<Activation> activation = hub::activation_from_name(reader.text("hidden_act", "gelu"));
  if (!activation) {
    reader.fail("hidden_act", *reader.find("hidden_act"),
                fmt::format("one of {}", fmt::join(hub::activation_names(), ", ")),
                "Models with another activation function cannot be loaded.");
  }
  return *activation;
}

// What would make the model something else than the encoder we build.
void refuse_variants(const ConfigReader& reader) {
  for (const char* key : {"is_decoder", "add_cross_attention", "is_encoder_decoder"}) {
    if (reader.flag(key)) reader.fail_because(key, "is true, expected false", "Only encoders can be loaded.");
  }
  if (reader.text("position_embedding_type", "absolute") != "absolute") {
    reader.fail("position_embedding_type", *reader.find("position_embedding_type"), "\"absolute\"",
                "Models with relative positions cannot be loaded.");
  }
}

std::vector<std::string> read_labels(const ConfigReader& reader) {
  const Json* map = reader.find("id2label");
  if (map == nullptr) {
    return reader.find("num_labels") == nullptr ? std::vector<std::string>()
                                                : default_labels(reader.count("num_labels", 0, 0));
  }
  if (!map->is_object()) reader.fail("id2label", *map, "an object such as {\"0\": \"first\"}");
  std::vector<std::string> labels;
  for (std::size_t id = 0; id < map->size(); ++id) {
    const auto found = map->find(std::to_string(id));
    if (found == map->end()) {
      reader.fail_because("id2label", fmt::format("has {} labels but none for \"{}\"", map->size(), id));
    }
    if (!found->is_string()) {
      reader.fail_because("id2label",
                          fmt::format("has {} for \"{}\", expected a string", hub::shown(*found), id));
    }
    labels.push_back(found->get<std::string>());
  }
  return labels;
}

std::string read_architecture(const ConfigReader& reader) {
  const Json* names = reader.find("architectures");
  if (names == nullptr || (names->is_array() && names->empty())) return {};
  if (!names->is_array() || !names->front().is_string())
    reader.fail("architectures", *names, "an array of names");
  return names->front().get<std::string>();
}

// transformers' defaults, which differ between families.
EncoderConfig family_defaults(Family family) {
  EncoderConfig config;
  config.family = family;
  if (family == Family::roberta) {
    config.vocab_size = 50265;
    config.pad_token_id = 1;
  } else if (family == Family::electra) {
    config.hidden_size = 256;
    config.embedding_size = 128;
    config.heads = 4;
    config.intermediate_size = 1024;
  }
  return config;
}

void read_sizes(const ConfigReader& reader, EncoderConfig& config) {
  config.vocab_size = reader.count("vocab_size", config.vocab_size);
  config.hidden_size = reader.count("hidden_size", config.hidden_size);
  config.embedding_size = config.family == Family::electra
                              ? reader.count("embedding_size", config.embedding_size)
                              : config.hidden_size;
  config.layers = reader.count("num_hidden_layers", config.layers, 1, kLargestLayers);
  config.heads = reader.count("num_attention_heads", config.heads);
  if (config.hidden_size % config.heads != 0) {
    reader.fail_because("num_attention_heads",
                        fmt::format("is {}, expected a divisor of \"hidden_size\", which is {}", config.heads,
                                    config.hidden_size));
  }
  config.intermediate_size = reader.count("intermediate_size", config.intermediate_size);
  config.max_positions = reader.count("max_position_embeddings", config.max_positions);
  config.type_vocab_size = reader.count("type_vocab_size", config.type_vocab_size);
  config.pad_token_id = reader.count("pad_token_id", config.pad_token_id, 0, config.vocab_size - 1);
  if (config.max_length() < 1) {
    reader.fail_because("max_position_embeddings",
                        fmt::format("is {}, expected more than \"pad_token_id\" + 1, which is {}",
                                    config.max_positions, config.pad_token_id + 1));
  }
}

}  // namespace

std::int64_t EncoderConfig::max_length() const {
  return family == Family::roberta ? max_positions - pad_token_id - 1 : max_positions;
}

std::vector<std::string> default_labels(std::int64_t count) {
  std::vector<std::string> labels;
  for (std::int64_t i = 0; i < count; ++i) labels.push_back(fmt::format("LABEL_{}", i));
  return labels;
}

EncoderConfig load_config(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "config.json";
  std::error_code code;
  if (!std::filesystem::is_directory(directory, code)) {
    throw InputError(fmt::format("There is no directory \"{}\".", directory.string()),
                     "A model is a directory with config.json, model.safetensors and its tokenizer's files.");
  }
  if (!std::filesystem::exists(path, code)) {
    throw InputError(fmt::format("The directory \"{}\" has no config.json.", directory.string()),
                     "A model is a directory with config.json, model.safetensors and its tokenizer's files.");
  }
  std::string text = read_file(path);
  const Json object = hub::parse_json(text, path);
  if (!object.is_object()) {
    throw InputError(fmt::format("\"{}\" is {}, expected an object.", path.string(), hub::shown(object)));
  }

  const ConfigReader reader(object, path);
  EncoderConfig config = family_defaults(read_family(reader));
  refuse_variants(reader);
  read_sizes(reader, config);
  config.activation = read_activation(reader);
  config.layer_norm_eps = reader.fraction("layer_norm_eps", config.layer_norm_eps);
  config.hidden_dropout = reader.fraction("hidden_dropout_prob", config.hidden_dropout);
  config.attention_dropout = reader.fraction("attention_probs_dropout_prob", config.attention_dropout);
  if (reader.find("classifier_dropout") != nullptr) {
    config.classifier_dropout = reader.fraction("classifier_dropout", 0.0F);
  }
  config.initializer_range = reader.fraction("initializer_range", config.initializer_range, 100.0);
  config.labels = read_labels(reader);
  config.architecture = read_architecture(reader);
  config.problem_type = reader.text("problem_type");
  config.json = std::move(text);
  return config;
}

std::optional<std::string> config_value(const EncoderConfig& config, std::string_view key) {
  if (config.json.empty()) return std::nullopt;
  const Json object = hub::parse_json(config.json, "config.json");
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::nullopt;
  return found->dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace quire
