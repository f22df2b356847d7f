#include "members/linear_fitted.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/hub/safetensors.h"

namespace quire {
namespace {

constexpr const char* kConfigFile = "linear.json";
constexpr const char* kWeightsFile = "model.safetensors";
constexpr int kFormat = 1;

const TensorView& tensor(const SafetensorsFile& file, const char* name,
                         const std::vector<std::int64_t>& shape) {
  const TensorView* const found = file.find(name);
  if (found != nullptr && found->shape == shape) return *found;
  throw InputError(
      fmt::format("'{}' holds {} for '{}', not {}", file.path().string(),
                  found == nullptr ? "nothing" : format_shape(found->shape), name, format_shape(shape)),
      "linear.json, model.safetensors and tfidf.txt of a fold belong together");
}

nlohmann::json read_config(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / kConfigFile;
  if (!std::filesystem::exists(path)) {
    throw InputError(
        fmt::format("'{}' holds no linear model: there is no {}", directory.string(), kConfigFile),
        "a fold's directory of a linear member is wanted");
  }
  return nlohmann::json::parse(read_file(path));
}

}  // namespace

Matrix FittedLinear::predict(const Corpus& corpus, std::span<const std::int64_t> rows, const Context& context,
                             std::string_view stage) const {
  const auto& documents = dynamic_cast<const TermDocuments&>(corpus);
  // A block of rows at a time, so that their features take little memory.
  constexpr std::size_t kBlock = 8192;
  Matrix probabilities(static_cast<std::int64_t>(rows.size()), parts_.model.classes());
  for (std::size_t first = 0; first < rows.size(); first += kBlock) {
    context.check_stop();
    const auto block = rows.subspan(first, std::min(kBlock, rows.size() - first));
    Matrix scores = parts_.model.scores(parts_.features.transform(documents, block, context), context);
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

void FittedLinear::save(const std::filesystem::path& directory) const {
  const Matrix weights = parts_.model.weights();
  const std::vector<float> bias = parts_.model.bias();
  const std::vector<TensorView> tensors = {
      view_tensor("weight", {weights.rows, weights.cols}, weights.values),
      view_tensor("bias", {weights.rows}, bias)};
  write_safetensors(directory / kWeightsFile, tensors);
  parts_.features.save(directory);
  const nlohmann::ordered_json config = {{"member", "linear"},
                                         {"format", kFormat},
                                         {"loss", parts_.loss},
                                         {"C", parts_.c},
                                         {"temperature", parts_.temperature},
                                         {"clean", clean_names(parts_.cleaner->options())},
                                         {"labels", parts_.class_names}};
  write_file_atomically(directory / kConfigFile, config.dump(1) + "\n");
}

std::unique_ptr<FittedLinear> FittedLinear::load(const std::filesystem::path& directory) {
  std::string loss;
  double c = 0;
  double temperature = 0;
  std::vector<std::string> clean, names;
  try {
    const nlohmann::json config = read_config(directory);
    if (config.at("format").get<int>() != kFormat) throw InputError("it has another format");
    config.at("loss").get_to(loss);
    config.at("C").get_to(c);
    config.at("temperature").get_to(temperature);
    config.at("clean").get_to(clean);
    config.at("labels").get_to(names);
    if (!(temperature > 0)) throw InputError(fmt::format("its temperature is {:g}", temperature));
  } catch (const nlohmann::json::exception& error) {
    throw InputError(
        fmt::format("'{}' is no linear model: {}", (directory / kConfigFile).string(), error.what()));
  }
  TermFeatures features = TermFeatures::load(directory);
  const SafetensorsFile file(directory / kWeightsFile);
  const auto classes = static_cast<std::int64_t>(names.size());
  Matrix weights(classes, features.size());
  to_float32(tensor(file, "weight", {classes, features.size()}), weights.values);
  const std::vector<float> bias = to_float32(tensor(file, "bias", {classes}));
  return std::make_unique<FittedLinear>(Parts{.loss = std::move(loss),
                                              .c = c,
                                              .temperature = temperature,
                                              .features = std::move(features),
                                              .model = LinearModel(weights, bias),
                                              .cleaner = std::make_shared<const Cleaner>(parse_clean(clean)),
                                              .class_names = std::move(names)});
}

}  // namespace quire
