#include "quire/hub/checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/json.h"

namespace quire {
namespace {

constexpr const char* kWeights = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

std::string canonical_name(std::string_view stored, Family family) {
  const std::string_view prefix = family_name(family);
  if (stored.starts_with(prefix) && stored.substr(prefix.size()).starts_with('.')) {
    stored.remove_prefix(prefix.size() + 1);
  }
  std::string name(stored);
  // TensorFlow's names, which the first BERT checkpoints still carry.
  for (const auto& [old_name, new_name] : {std::pair(".gamma", ".weight"), std::pair(".beta", ".bias")}) {
    if (name.ends_with(std::string("LayerNorm") + old_name)) {
      name.replace(name.rfind('.'), std::string::npos, new_name);
    }
  }
  return name;
}

bool has_pickled_weights(const std::filesystem::path& directory) {
  return std::filesystem::exists(directory / "pytorch_model.bin") ||
         std::filesystem::exists(directory / "pytorch_model.bin.index.json");
}

// For a shell: in single quotes, where only a single quote needs care.
std::string shell_quoted(const std::string& word) {
  std::string text = "'";
  for (const char character : word) {
    text += character == '\'' ? std::string("'\\''") : std::string(1, character);
  }
  return text + "'";
}

[[noreturn]] void fail_without_weights(const std::filesystem::path& directory) {
  if (!has_pickled_weights(directory)) {
    throw InputError(fmt::format("The directory \"{}\" has no {}.", directory.string(), kWeights),
                     "A model is a directory with config.json, model.safetensors and its tokenizer's files.");
  }
  // A pickle runs code when it is read, so it is left to Python. clone() parts tensors that share memory.
  throw InputError(
      fmt::format("The directory \"{}\" has its weights only as pytorch_model.bin, expected {}.",
                  directory.string(), kWeights),
      fmt::format(
          "Convert it once: cd {} && python3 -c \"import glob, torch; from safetensors.torch import "
          "save_file; save_file({{k: v.contiguous().clone() for f in sorted(glob.glob('pytorch_model*.bin')) "
          "for k, v in torch.load(f, map_location='cpu', weights_only=True).items()}}, '{}', {{'format': "
          "'pt'}})\"",
          shell_quoted(directory.string()), kWeights));
}

// Tensor name to file name, both as the index has them.
std::vector<std::pair<std::string, std::string>> read_index(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  const Json object = parse_json(text, path);
  if (!object.is_object() || !object.contains("weight_map") || !object["weight_map"].is_object()) {
    throw InputError(fmt::format("\"{}\" has no \"weight_map\" object.", path.string()),
                     "It should say which file holds which tensor.");
  }
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& [name, file] : object["weight_map"].items()) {
    if (!file.is_string()) {
      throw InputError(fmt::format("\"{}\" has {} as the file of {}, expected a name.", path.string(),
                                   shown(file), in_quotes(name)));
    }
    files.emplace_back(name, file.get<std::string>());
    // The index may come from anywhere: it names files beside it and nothing else.
    const std::string& file_name = files.back().second;
    if (file_name.empty() || file_name == "." || file_name == ".." ||
        file_name.find_first_of("/\0", 0, 2) != std::string::npos) {
      throw InputError(
          fmt::format("\"{}\" has {} as the file of {}, expected the name of a file in the same directory.",
                      path.string(), in_quotes(file_name), in_quotes(name)));
    }
  }
  return files;
}

}  // namespace

Checkpoint::Checkpoint(const std::filesystem::path& directory)
    : directory_(directory), config_(load_config(directory)) {
  if (std::filesystem::exists(directory / kWeights)) {
    files_.reserve(2);  // entries point at the files
    files_.emplace_back(directory / kWeights);
    if (own_settings(config_).has("head")) {
      files_.emplace_back(directory / kOwnHeadFile);
      check_format(files_.back().metadata(), files_.back().path(), kOwnHeadFormat);
    }
    for (const SafetensorsFile& file : files_) {
      for (const TensorView& view : file.tensors()) add(view, file);
    }
  } else if (std::filesystem::exists(directory / kIndex)) {
    open_shards(directory / kIndex);
  } else {
    fail_without_weights(directory);
  }
}

std::vector<std::string> Checkpoint::file_names() const {
  std::vector<std::string> names = {"config.json"};
  for (const SafetensorsFile& file : files_) names.push_back(file.path().filename().string());
  if (!std::filesystem::exists(directory_ / kWeights)) names.emplace_back(kIndex);
  return names;
}

void Checkpoint::open_shards(const std::filesystem::path& index) {
  const auto map = read_index(index);
  std::vector<std::string> names;
  names.reserve(map.size());
  for (const auto& [tensor, file] : map) names.push_back(file);
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());

  files_.reserve(names.size());  // entries point at the files
  for (const std::string& name : names) files_.emplace_back(directory_ / name);
  for (const auto& [tensor, file_name] : map) {
    const SafetensorsFile& file =
        files_[static_cast<std::size_t>(std::ranges::lower_bound(names, file_name) - names.begin())];
    const TensorView* view = file.find(tensor);
    if (view == nullptr) {
      throw InputError(fmt::format("\"{}\" says that {} holds the tensor {}, but it does not.",
                                   index.string(), in_quotes(file_name), in_quotes(tensor)),
                       "The index and the files belong to different models; fetch them again.");
    }
    add(*view, file);
  }
}

void Checkpoint::add(const TensorView& view, const SafetensorsFile& file) {
  const auto [place, is_new] =
      entries_.emplace(canonical_name(view.name, config_.family), Entry{&view, &file});
  if (!is_new) {
    throw InputError(
        fmt::format("\"{}\": {} and {} are both the tensor {}.", file.path().string(),
                    in_quotes(place->second.view->name), in_quotes(view.name), in_quotes(place->first)),
        "Remove the one that is not the model's.");
  }
}

bool Checkpoint::has(std::string_view name) const { return entries_.contains(name); }

const Checkpoint::Entry& Checkpoint::entry(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    throw InputError(
        fmt::format("The model in \"{}\" has no tensor \"{}\".", directory_.string(), name),
        fmt::format("Its config.json describes {} with {} layers; are the weights those of another model?",
                    family_name(config_.family), config_.layers));
  }
  return found->second;
}

const std::vector<std::int64_t>& Checkpoint::shape(std::string_view name) const {
  return entry(name).view->shape;
}

void Checkpoint::read(std::string_view name, const std::vector<std::int64_t>& shape,
                      std::span<float> values) {
  const Entry& found = entry(name);
  const TensorView& view = *found.view;
  if (view.shape != shape) {
    throw InputError(fmt::format("\"{}\": the tensor {} is {}, expected {}.", found.file->path().string(),
                                 in_quotes(view.name), format_shape(view.shape), format_shape(shape)),
                     "The weights do not belong to this config.json.");
  }
  if (view.dtype != Dtype::f32 && view.dtype != Dtype::f16 && view.dtype != Dtype::bf16) {
    throw InputError(fmt::format("\"{}\": the tensor {} holds {}, expected F32, F16 or BF16.",
                                 found.file->path().string(), in_quotes(view.name), dtype_name(view.dtype)),
                     "Quantised weights cannot be loaded; use the original model.");
  }
  to_float32(view, values);
  entries_.find(name)->second.read = true;
}

std::vector<float> Checkpoint::tensor(std::string_view name, const std::vector<std::int64_t>& shape) {
  std::vector<float> values(static_cast<std::size_t>(entry(name).view->elements()));
  read(name, shape, values);
  return values;
}

std::vector<std::string> Checkpoint::class_names() const {
  const std::string own = fmt::format("{}.weight", family_spec(config_.family).head_output);
  // A head of the family's form that transformers could not use, or one of another form.
  const std::string name = has("quire_head." + own)   ? "quire_head." + own
                           : has("quire_head.weight") ? "quire_head.weight"
                                                      : own;
  if (!has(name) || shape(name).empty()) return {};
  const std::int64_t rows = shape(name).front();
  if (rows == 1 || config_.problem_type == "regression" ||
      config_.problem_type == "multi_label_classification") {
    throw InputError(
        fmt::format(
            "The model in \"{}\" is not a classifier with one label for each document: it has {} {}{}.",
            directory_.string(), rows, rows == 1 ? "output" : "outputs",
            config_.problem_type.empty()
                ? ""
                : fmt::format(" and is made for {}", in_quotes(config_.problem_type))),
        "Its encoder can still be fine-tuned.");
  }
  if (!config_.label_gap.empty()) {
    throw InputError(
        fmt::format("{}.", config_.label_gap),
        fmt::format("The model's {} classes are numbered from 0 to {}: name each of them.", rows, rows - 1));
  }
  if (config_.labels.empty()) return default_labels(rows);
  if (std::cmp_not_equal(config_.labels.size(), rows)) {
    throw InputError(
        fmt::format("The model in \"{}\" has {} labels in config.json, but the tensor {} has {} rows.",
                    directory_.string(), config_.labels.size(), in_quotes(entry(name).view->name), rows),
        "config.json and the weights belong to different models.");
  }
  return config_.labels;
}

std::vector<std::string> Checkpoint::unread() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) {
    if (!entry.read) names.push_back(entry.view->name);
  }
  std::ranges::sort(names);
  return names;
}

std::string Checkpoint::unread_sentence() const {
  // Parts of a head nobody asked for are named once: "cls.* (7)".
  std::map<std::string, std::vector<std::string>> groups;
  for (const auto& [name, entry] : entries_) {
    if (!entry.read) groups[name.substr(0, name.find('.'))].push_back(name);
  }
  std::size_t count = 0;
  std::vector<std::string> parts;
  for (const auto& [group, names] : groups) {
    count += names.size();
    parts.push_back(names.size() == 1 ? names.front() : fmt::format("{}.* ({})", group, names.size()));
  }
  if (count == 0) return {};
  return fmt::format("{} of {} stored tensors are not part of this model and were ignored: {}.", count,
                     entries_.size(), fmt::join(parts, ", "));
}

}  // namespace quire
