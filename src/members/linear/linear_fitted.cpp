#include "members/linear/linear_fitted.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "members/linear/encoder_copy.h"
#include "members/linear/linear_solver.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/json.h"
#include "quire/hub/safetensors.h"

namespace quire {
namespace {

constexpr const char* kConfigFile = "linear.json";
constexpr const char* kWeightsFile = "model.safetensors";
constexpr const char* kEncoderFolder = "encoder";
constexpr int kFormat = 1;

const TensorView& tensor(const SafetensorsFile& file, const char* name,
                         const std::vector<std::int64_t>& shape) {
  const TensorView* const found = file.find(name);
  if (found != nullptr && found->shape == shape) return *found;
  throw InputError(
      fmt::format("'{}' holds {} for '{}', not {}", file.path().string(),
                  found == nullptr ? "nothing" : format_shape(found->shape), name, format_shape(shape)),
      "linear.json, model.safetensors and, of TF-IDF, tfidf.txt of a fold belong together");
}

Section read_config(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / kConfigFile;
  if (!std::filesystem::exists(path)) {
    throw InputError(
        fmt::format("'{}' holds no linear model: there is no {}", directory.string(), kConfigFile),
        "a fold's directory of a linear member is wanted");
  }
  return read_own_json(path, kFormat);
}

// An exported fold has the encoder within, a run has one for all its folds.
std::filesystem::path find_encoder(const std::filesystem::path& directory) {
  const std::filesystem::path within = directory / kEncoderFolder;
  const std::filesystem::path beside = directory.parent_path() / kEncoderFolder;
  for (const auto& place : {within, beside}) {
    if (std::filesystem::exists(place / "config.json")) return place;
  }
  throw InputError(fmt::format("'{}' lacks its encoder: neither '{}' nor '{}' holds one", directory.string(),
                               within.string(), beside.string()),
                   "copy the whole run: its folds share one encoder");
}

// What linear.json says.
struct Stored {
  std::string loss;
  double c = 0;
  double temperature = 0;
  std::vector<std::string> labels;
  std::optional<std::vector<std::string>> clean;  // of TF-IDF
  std::shared_ptr<const FrozenEncoder> encoder;
  std::int64_t width = 0;  // of its vectors
};

Stored read_stored(const std::filesystem::path& directory, std::optional<std::int64_t> max_length) {
  constexpr double kMost = std::numeric_limits<double>::max();
  const Section config = read_config(directory);
  Stored stored;
  stored.loss = config.string("loss");
  stored.c = config.real("C", 0, kMost);
  stored.temperature = config.real("temperature", std::numeric_limits<double>::min(), kMost);
  stored.labels = config.strings("labels");
  if (config.has("clean")) stored.clean = config.strings("clean");
  if (!config.has("encoder")) return stored;
  const Section encoder = config.at("encoder");
  constexpr std::int64_t kMostCount = std::numeric_limits<std::int32_t>::max();
  stored.width = encoder.count("width", 1, kMostCount);
  VectorOptions options;
  options.model = find_encoder(directory).string();
  options.max_length = max_length ? *max_length : encoder.count("max_length", 1, kMostCount);
  stored.encoder = std::make_shared<const FrozenEncoder>(std::move(options), encoder.string("fingerprint"));
  return stored;
}

void check_encoder(const LinearDocuments& documents, const FrozenEncoder* own) {
  if (own == nullptr || documents.vectors() == nullptr) return;
  if (documents.vectors()->encoder().fingerprint() == own->fingerprint()) return;
  throw InputError(
      fmt::format("the documents were read with the encoder in '{}', which is not the one that the "
                  "model was trained with",
                  documents.vectors()->encoder().options().model),
      "did the files of --model change since the run was started?");
}

}  // namespace

std::unique_ptr<Corpus> FittedLinear::new_corpus() const {
  std::unique_ptr<TermDocuments> terms;
  std::unique_ptr<VectorDocuments> vectors;
  if (parts_.features.terms())
    terms = std::make_unique<TermDocuments>(parts_.cleaner, parts_.features.terms()->bags());
  if (parts_.encoder) vectors = std::make_unique<VectorDocuments>(parts_.encoder);
  return std::make_unique<LinearDocuments>(std::move(terms), std::move(vectors));
}

Matrix FittedLinear::predict(const Corpus& corpus, std::span<const std::int64_t> rows, const Context& context,
                             std::string_view stage) const {
  const auto& documents = dynamic_cast<const LinearDocuments&>(corpus);
  check_encoder(documents, parts_.encoder.get());
  if (documents.vectors() != nullptr) documents.vectors()->prepare(context, stage);
  // A block of rows at a time, so that their features take little memory.
  constexpr std::size_t kBlock = 8192;
  Matrix probabilities(static_cast<std::int64_t>(rows.size()), parts_.model.classes());
  for (std::size_t first = 0; first < rows.size(); first += kBlock) {
    context.check_stop();
    const auto block = rows.subspan(first, std::min(kBlock, rows.size() - first));
    Matrix scores =
        linear_scores(parts_.model, parts_.features.transform(documents, block, context), context);
    softmax_rows(scores, parts_.temperature, context);
    std::ranges::copy(scores.values,
                      probabilities.values.begin() + static_cast<std::ptrdiff_t>(first) * probabilities.cols);
    if (!stage.empty()) {
      context.progress({.stage = stage,
                        .done = static_cast<std::int64_t>(first + block.size()),
                        .total = static_cast<std::int64_t>(rows.size()),
                        .detail = {}});
    }
  }
  return probabilities;
}

void FittedLinear::save(const std::filesystem::path& directory, const std::filesystem::path& shared) const {
  const Matrix weights = parts_.model.weights();
  const std::vector<float> bias = parts_.model.bias();
  const std::vector<TensorView> tensors = {
      view_tensor("weight", {weights.rows, weights.cols}, weights.values),
      view_tensor("bias", {weights.rows}, bias)};
  write_safetensors(directory / kWeightsFile, tensors);
  OrderedJson config = {{"member", "linear"},
                        {"format", kFormat},
                        {"loss", parts_.loss},
                        {"C", parts_.c},
                        {"temperature", parts_.temperature}};
  if (parts_.features.terms()) {
    parts_.features.terms()->save(directory);
    config["clean"] = clean_names(parts_.cleaner->options());
  }
  if (parts_.encoder) {
    copy_encoder(parts_.encoder->options().model, shared / kEncoderFolder);
    config["encoder"] = {{"max_length", parts_.encoder->options().max_length},
                         {"pooling", "mean"},
                         {"width", parts_.features.width()},
                         {"fingerprint", parts_.encoder->fingerprint()}};
  }
  config["labels"] = parts_.class_names;
  write_file_atomically(directory / kConfigFile, config.dump(1) + "\n");
}

std::unique_ptr<FittedLinear> FittedLinear::load(const std::filesystem::path& directory,
                                                 std::optional<std::int64_t> max_length) {
  Stored stored = read_stored(directory, max_length);
  std::optional<TermFeatures> terms;
  if (stored.clean) terms = TermFeatures::load(directory);
  LinearFeatures features(std::move(terms), stored.width);
  const SafetensorsFile file(directory / kWeightsFile);
  const auto classes = static_cast<std::int64_t>(stored.labels.size());
  Matrix weights(classes, features.size());
  to_float32(tensor(file, "weight", {classes, features.size()}), weights.values);
  const std::vector<float> bias = to_float32(tensor(file, "bias", {classes}));
  return std::make_unique<FittedLinear>(
      Parts{.loss = std::move(stored.loss),
            .c = stored.c,
            .temperature = stored.temperature,
            .features = std::move(features),
            .model = LinearModel(weights, bias),
            .cleaner = stored.clean ? std::make_shared<const Cleaner>(parse_clean(*stored.clean)) : nullptr,
            .encoder = std::move(stored.encoder),
            .class_names = std::move(stored.labels)});
}

}  // namespace quire
