#include "pipeline/run_directory.h"

#include <fmt/format.h>

#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire {

std::filesystem::path RunDirectory::fold(const std::string& name, int k) const {
  return member(name) / fmt::format("fold-{}", k);
}

bool RunDirectory::is_run() const { return std::filesystem::is_regular_file(recipe()); }

bool RunDirectory::is_taken() const {
  namespace fs = std::filesystem;
  return fs::exists(path_) && !(fs::is_directory(path_) && fs::is_empty(path_));
}

void RunDirectory::check(const TrainOptions& options) const {
  if (!is_taken()) return;
  if (!is_run()) {
    throw InputError(fmt::format("'{}' exists and is not a run of quire", path_.string()),
                     "choose another --output");
  }
  if (!options.resume && !options.force) {
    throw InputError(fmt::format("the run '{}' exists", path_.string()),
                     "--resume goes on with it, --force replaces it");
  }
}

void RunDirectory::prepare(const TrainOptions& options) const {
  check(options);
  if (is_taken() && options.resume) {
    if (read_file(recipe()) == write_recipe(options)) {
      remove_partial_files(path_);
      return;
    }
    throw InputError(fmt::format("'{}' was started with other options", path_.string()),
                     fmt::format("compare with {}, or replace the run with --force", recipe().string()));
  }
  if (is_taken()) {
    // The recipe goes last: until then the directory is known as ours.
    for (const char* name : {"members", "labels.txt", "folds.tsv", "recipe.toml"}) {
      std::filesystem::remove_all(path_ / name);
    }
  }
  make_directories(path_);
  write_file_atomically(recipe(), write_recipe(options));
}

std::vector<std::filesystem::path> RunDirectory::finished_folds(const std::string& name) const {
  std::vector<std::filesystem::path> found;
  for (int k = 0; std::filesystem::exists(fold(name, k)); ++k) {
    if (std::filesystem::exists(fold_metrics(name, k))) found.push_back(fold(name, k));
  }
  if (found.empty()) {
    throw InputError(fmt::format("the run '{}' has no finished fold of member '{}'", path_.string(), name),
                     "finish it with `quire train ... --resume`");
  }
  return found;
}

}  // namespace quire
