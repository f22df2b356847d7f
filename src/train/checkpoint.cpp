#include "train/checkpoint.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "quire/base/error.h"
#include "quire/base/json.h"
#include "quire/base/profile.h"
#include "quire/hub/safetensors.h"
#include "quire/nn/host.h"

namespace quire::train {

// Found by Json. What the user was told of a score is not kept.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Score::Value, name, value)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Score, values, rank)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EpochResult, epoch, train_loss, score, seconds)

namespace {

constexpr const char* kStateKey = "state";
constexpr const char* kRecipeKey = "recipe";
constexpr int kFormat = 1;

Json to_json(const LoopState& state) {
  Json snapshots = Json::array();
  for (const Snapshot& snapshot : state.snapshots)
    snapshots.push_back({{"epoch", snapshot.epoch}, {"rank", snapshot.rank}});
  return {{"epoch", state.epoch},
          {"next_batch", state.next_batch},
          {"steps", state.steps},
          {"loss_sum", state.loss_sum},
          {"weight", state.weight},
          {"rows", state.rows},
          {"epochs", state.epochs},
          {"snapshots", snapshots},
          {"averages", !state.averages.empty()},
          {"epoch_seconds", state.epoch_seconds}};
}

LoopState from_json(const Json& json) {
  LoopState state;
  json.at("epoch").get_to(state.epoch);
  json.at("next_batch").get_to(state.next_batch);
  json.at("steps").get_to(state.steps);
  json.at("loss_sum").get_to(state.loss_sum);
  json.at("weight").get_to(state.weight);
  json.at("rows").get_to(state.rows);
  json.at("epoch_seconds").get_to(state.epoch_seconds);
  json.at("epochs").get_to(state.epochs);
  for (const Json& snapshot : json.at("snapshots")) {
    state.snapshots.push_back(
        {snapshot.at("epoch").get<std::int64_t>(), snapshot.at("rank").get<double>(), {}});
  }
  return state;
}

void restore(const SafetensorsFile& file, const std::string& name, const at::Tensor& target) {
  const TensorView* stored = file.find(name);
  if (stored == nullptr || stored->shape != target.sizes().vec()) {
    throw InputError(
        fmt::format("checkpoint '{}' does not fit this model: tensor '{}' is missing or of another shape",
                    file.path().string(), name),
        "start afresh with --force");
  }
  nn::fill_values(target, [&](std::span<float> values) { to_float32(*stored, values); });
}

// Tensors of any device as views for writing.
class Views {
 public:
  void add(const std::string& name, const at::Tensor& tensor) {
    views_.push_back(view_tensor(name, tensor.sizes().vec(), host_(tensor)));
  }
  void add_all(const std::string& prefix, const std::vector<nn::Parameter>& parameters,
               const std::vector<at::Tensor>& tensors) {
    for (std::size_t i = 0; i < tensors.size(); ++i) add(prefix + parameters[i].names.front(), tensors[i]);
  }
  [[nodiscard]] std::span<const TensorView> all() const { return views_; }

 private:
  nn::HostValues host_;
  std::vector<TensorView> views_;
};

// Names of the tensors of a snapshot: "snapshot.0.NAME" is the best one.
std::string snapshot_prefix(std::size_t index) { return fmt::format("snapshot.{}.", index); }

std::vector<at::Tensor> restore_all(const SafetensorsFile& file, const std::string& prefix,
                                    const std::vector<nn::Parameter>& parameters) {
  std::vector<at::Tensor> tensors;
  for (const nn::Parameter& parameter : parameters) {
    tensors.push_back(at::empty_like(parameter.value.detach()));
    restore(file, prefix + parameter.names.front(), tensors.back());
  }
  return tensors;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const std::string& recipe, const LoopState& state,
                     const std::vector<nn::Parameter>& parameters, const AdamW& optimizer) {
  const Span span("writing checkpoints");
  Views views;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].names.front();
    views.add("weight." + name, parameters[i].value);
    views.add("first_moment." + name, optimizer.moments()[i].first);
    views.add("second_moment." + name, optimizer.moments()[i].second);
  }
  views.add_all("average.", parameters, state.averages);
  for (std::size_t i = 0; i < state.snapshots.size(); ++i)
    views.add_all(snapshot_prefix(i), parameters, state.snapshots[i].weights);
  write_safetensors(path, views.all(),
                    {{"format", "pt"},
                     {kFormatKey, std::to_string(kFormat)},
                     {kStateKey, to_json(state).dump()},
                     {kRecipeKey, recipe}});
}

std::optional<LoopState> load_checkpoint(const std::filesystem::path& path, const std::string& recipe,
                                         std::vector<nn::Parameter>& parameters, AdamW& optimizer) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  const SafetensorsFile file(path);
  const auto& metadata = file.metadata();
  check_format(metadata, path, kFormat);
  if (!metadata.contains(kStateKey) || !metadata.contains(kRecipeKey) || metadata.at(kRecipeKey) != recipe) {
    throw InputError(fmt::format("checkpoint '{}' was written with other options or data", path.string()),
                     "repeat the command it was started with, or start afresh with --force");
  }
  const at::NoGradGuard no_grad;
  LoopState state;
  try {
    const Json json = parse_json(metadata.at(kStateKey), path);
    state = from_json(json);
    if (json.at("averages").get<bool>()) state.averages = restore_all(file, "average.", parameters);
  } catch (const Json::exception&) {
    throw InputError(fmt::format("checkpoint '{}' holds no valid state", path.string()),
                     "start afresh with --force");
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].names.front();
    restore(file, "weight." + name, parameters[i].value);
    restore(file, "first_moment." + name, optimizer.moments()[i].first);
    restore(file, "second_moment." + name, optimizer.moments()[i].second);
  }
  for (std::size_t i = 0; i < state.snapshots.size(); ++i)
    state.snapshots[i].weights = restore_all(file, snapshot_prefix(i), parameters);
  optimizer.set_steps_done(state.steps);
  return state;
}

}  // namespace quire::train
