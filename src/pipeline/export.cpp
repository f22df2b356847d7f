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
  return name == "log.jsonl" || name == "epochs.jsonl" || name == "metrics.json" || name == "stage.json" ||
         name == "held_out.npy" || name == "test.npy" || name == "holdout.npy" || name == kCheckpointFile;
}

bool is_taken(const fs::path& path) {
  return fs::exists(path) && !(fs::is_directory(path) && fs::is_empty(path));
}

// What a process that is gone, or still writes, has not finished.
bool is_partial(const std::string& name) { return name.find(".partial-") != std::string::npos; }

void copy_fold(const fs::path& fold, AtomicDirectory& to, std::vector<std::string>& names) {
  for (const auto& entry : fs::directory_iterator(fold)) {
    const std::string name = entry.path().filename().string();
    if (is_log(name) || is_partial(name)) continue;
    to.copy(entry.path(), name);
    names.push_back(name);
  }
}

// What lies once beside all folds: a frozen encoder.
void copy_shared(const fs::path& member, AtomicDirectory& to, std::vector<std::string>& names) {
  for (const auto& entry : fs::directory_iterator(member)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_directory() || name.starts_with("fold-") || is_partial(name)) continue;
    to.copy(entry.path(), name);
    names.push_back(name + "/");
  }
}

}  // namespace

std::vector<std::string> export_fold(const fs::path& run_path, int fold, const fs::path& output) {
  const RunDirectory run(run_path);
  const Recipe recipe = run.read();
  const std::string& name = recipe.members.front().name;
  if (!fs::exists(run.fold_metrics(name, fold))) {
    throw InputError(fmt::format("the run '{}' has no finished fold {}", run_path.string(), fold),
                     fmt::format("folds are numbered from 0; it was started with {}", recipe.task.folds));
  }
  if (is_taken(output)) {
    throw InputError(fmt::format("'{}' exists and is not empty", output.string()), "choose another --output");
  }
  AtomicDirectory copy(output);
  std::vector<std::string> names;
  copy_fold(run.fold(name, fold), copy, names);
  copy_shared(run.member(name), copy, names);
  copy.commit();
  std::ranges::sort(names);
  return names;
}

}  // namespace quire
