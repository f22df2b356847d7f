// `quire export`: one fold of a run as a directory of its own.
#include <fmt/format.h>

#include <algorithm>

#include "pipeline/run_directory.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/pipeline/run.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

// How training went, rather than what was learned.
bool is_log(const std::string& name) {
  return name == "log.jsonl" || name == "epochs.jsonl" || name == "metrics.json" ||
         name == "checkpoint.safetensors";
}

bool is_taken(const fs::path& path) { return fs::exists(path) && !(fs::is_directory(path) && fs::is_empty(path)); }

}  // namespace

std::vector<std::string> export_fold(const fs::path& run_path, int fold, const fs::path& output) {
  const RunDirectory run(run_path);
  if (!run.is_run()) {
    throw InputError(fmt::format("'{}' is not a run of quire", run_path.string()),
                     "name the directory that `quire train -o` wrote");
  }
  const TrainOptions recipe = read_recipe(read_file(run.recipe()), run.recipe().string());
  if (!fs::exists(run.fold_metrics(recipe.name, fold))) {
    throw InputError(fmt::format("the run '{}' has no finished fold {}", run_path.string(), fold),
                     fmt::format("folds are numbered from 0; it was started with {}", recipe.folds));
  }
  if (is_taken(output)) {
    throw InputError(fmt::format("'{}' exists and is not empty", output.string()), "choose another --output");
  }
  fs::path beside = output;
  beside += ".part";
  fs::remove_all(beside);
  make_directories(beside);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(run.fold(recipe.name, fold))) {
    const std::string name = entry.path().filename().string();
    if (is_log(name)) continue;
    std::error_code failed;
    fs::copy_file(entry.path(), beside / name, failed);
    if (failed) {
      fs::remove_all(beside);
      throw_system_error(failed.value(), "write", (output / name).string());
    }
    names.push_back(name);
  }
  if (fs::exists(output)) fs::remove(output);  // empty
  fs::rename(beside, output);
  std::ranges::sort(names);
  return names;
}

}  // namespace quire
