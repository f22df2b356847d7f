#include "train/checkpoint.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "quire/base/error.h"
#include "quire/hub/safetensors.h"

namespace quire::train {

// Found by nlohmann::json.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EpochResult, epoch, train_loss, valid_loss, valid_accuracy, valid_macro_f1,
                                   seconds)

namespace {

constexpr const char* kStateKey = "state";
constexpr const char* kRecipeKey = "recipe";

nlohmann::json to_json(const LoopState& state) {
  return {{"epoch", state.epoch},           {"next_batch", state.next_batch},
          {"steps", state.steps},           {"loss_sum", state.loss_sum},
          {"documents", state.documents},   {"epoch_seconds", state.epoch_seconds},
          {"best_epoch", state.best_epoch}, {"best_accuracy", state.best_accuracy},
          {"epochs", state.epochs}};
}

LoopState from_json(const nlohmann::json& json) {
  LoopState state;
  json.at("epoch").get_to(state.epoch);
  json.at("next_batch").get_to(state.next_batch);
  json.at("steps").get_to(state.steps);
  json.at("loss_sum").get_to(state.loss_sum);
  json.at("documents").get_to(state.documents);
  json.at("epoch_seconds").get_to(state.epoch_seconds);
  json.at("best_epoch").get_to(state.best_epoch);
  json.at("best_accuracy").get_to(state.best_accuracy);
  json.at("epochs").get_to(state.epochs);
  return state;
}

TensorView view(const std::string& name, const at::Tensor& tensor) {
  return view_tensor(name, tensor.sizes().vec(),
                     std::span(tensor.const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())));
}

void restore(const SafetensorsFile& file, const std::string& name, const at::Tensor& target) {
  const TensorView* stored = file.find(name);
  if (stored == nullptr || stored->shape != target.sizes().vec()) {
    throw InputError(
        fmt::format("checkpoint '{}' does not fit this model: tensor '{}' is missing or of another shape",
                    file.path().string(), name),
        "start afresh with --force");
  }
  to_float32(*stored, std::span(target.mutable_data_ptr<float>(), static_cast<std::size_t>(target.numel())));
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const std::string& recipe, const LoopState& state,
                     const std::vector<nn::Parameter>& parameters, const AdamW& optimizer) {
  std::vector<TensorView> views;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].names.front();
    views.push_back(view("weight." + name, parameters[i].value));
    views.push_back(view("first_moment." + name, optimizer.moments()[i].first));
    views.push_back(view("second_moment." + name, optimizer.moments()[i].second));
    if (!state.best_weights.empty()) views.push_back(view("best." + name, state.best_weights[i]));
  }
  write_safetensors(path, views,
                    {{"format", "pt"}, {kStateKey, to_json(state).dump()}, {kRecipeKey, recipe}});
}

std::optional<LoopState> load_checkpoint(const std::filesystem::path& path, const std::string& recipe,
                                         std::vector<nn::Parameter>& parameters, AdamW& optimizer) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  const SafetensorsFile file(path);
  const auto& metadata = file.metadata();
  if (!metadata.contains(kStateKey) || !metadata.contains(kRecipeKey) || metadata.at(kRecipeKey) != recipe) {
    throw InputError(fmt::format("checkpoint '{}' was written with other options or data", path.string()),
                     "repeat the command it was started with, or start afresh with --force");
  }
  const at::NoGradGuard no_grad;
  LoopState state;
  try {
    state = from_json(nlohmann::json::parse(metadata.at(kStateKey)));
  } catch (const nlohmann::json::exception&) {
    throw InputError(fmt::format("checkpoint '{}' holds no valid state", path.string()),
                     "start afresh with --force");
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].names.front();
    restore(file, "weight." + name, parameters[i].value);
    restore(file, "first_moment." + name, optimizer.moments()[i].first);
    restore(file, "second_moment." + name, optimizer.moments()[i].second);
    if (file.find("best." + name) != nullptr) {
      state.best_weights.push_back(
          at::empty_like(parameters[i].value, at::MemoryFormat::Contiguous).detach());
      restore(file, "best." + name, state.best_weights.back());
    }
  }
  optimizer.set_steps_done(state.steps);
  return state;
}

}  // namespace quire::train
