#include "pipeline/run_inputs.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "quire/base/files.h"
#include "quire/base/fingerprint.h"
#include "quire/base/json.h"

namespace quire {
namespace {

constexpr int kFormat = 1;
// Of the code that makes a fold's learner and matrices: another number makes all of them anew.
constexpr std::int64_t kFoldVersion = 1;
// How the names of members' inputs begin.
constexpr std::string_view kOfMember = "what";

// A name that the member will find to be no file has no contents to compare.
std::string fingerprint_of_path(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) return model_fingerprint(path);
  return std::filesystem::exists(path) ? file_fingerprint(path) : "missing";
}

std::string split_fingerprint(const Task& task) {
  Fingerprint all;
  for (const std::string& name : task.classes.names()) all.add(name);
  all.add(std::span<const int>(task.split.fold_of_row));
  return all.hex();
}

}  // namespace

void RunInputs::write(const std::filesystem::path& path) const {
  OrderedJson inputs;
  for (const auto& [name, fingerprint] : fingerprints) inputs[name] = fingerprint;
  const OrderedJson json = {{"format", kFormat}, {"inputs", inputs}};
  write_file_atomically(path, json.dump(2) + "\n");
}

RunInputs RunInputs::read(const std::filesystem::path& path) {
  const Section root = read_own_json(path, kFormat);
  const Section inputs = root.at("inputs");
  inputs.expect_object();
  RunInputs read;
  for (const auto& [name, ignored] : inputs.value().items())
    read.fingerprints.emplace_back(name, inputs.string(name.c_str()));
  return read;
}

std::vector<std::string> RunInputs::changed_since(const RunInputs& before, bool members_too) const {
  const std::map<std::string, std::string> then(before.fingerprints.begin(), before.fingerprints.end());
  const std::map<std::string, std::string> now(fingerprints.begin(), fingerprints.end());
  std::vector<std::string> changed;
  const auto note = [&](const std::string& name) {
    if (members_too || !name.starts_with(kOfMember)) changed.push_back(name);
  };
  for (const auto& [name, fingerprint] : fingerprints) {
    const auto found = then.find(name);
    if (found == then.end() || found->second != fingerprint) note(name);
  }
  for (const auto& [name, ignored] : before.fingerprints)
    if (!now.contains(name)) note(name);
  return changed;
}

RunInputs inputs_of(const Task& task) {
  RunInputs inputs;
  inputs.fingerprints = {{"the training table", task.train_fingerprint},
                         {"the classes and folds", split_fingerprint(task)}};
  if (!task.options.valid.empty())
    inputs.fingerprints.emplace_back("the validation table", task.valid_fingerprint);
  for (const PredictedTable& table : task.predicted)
    inputs.fingerprints.emplace_back(fmt::format("the {} table", table.name), table.fingerprint);
  return inputs;
}

RunInputs inputs_of(const MemberOptions& member) {
  RunInputs inputs;
  const auto settings = member.settings().clone();
  for (const Option& option : settings->table()) {
    const std::string path = path_of(option);
    if (path.empty()) continue;
    inputs.fingerprints.emplace_back(
        fmt::format("{} --{} of member '{}' names", kOfMember, flag_of(option), member.name),
        fingerprint_of_path(path));
  }
  return inputs;
}

std::string member_key(const Task& task, const MemberOptions& member) {
  Fingerprint key;
  key.add(kFoldVersion).add(member.kind().name()).add(member.seed.value_or(task.options.seed));
  const auto settings = member.settings().clone();
  for (const Option& option : settings->table()) {
    if (!option.in_recipe) continue;
    key.add(option.name).add(path_of(option).empty() ? value_text(option) : "path");
  }
  for (const auto& [name, fingerprint] : inputs_of(member).fingerprints) key.add(fingerprint);
  key.add(task.train_fingerprint).add(split_fingerprint(task)).add(task.valid_fingerprint);
  return key.hex();
}

std::string fold_key(const std::string& member_key, int fold) {
  return Fingerprint().add(member_key).add(std::int64_t{fold}).hex();
}

}  // namespace quire
