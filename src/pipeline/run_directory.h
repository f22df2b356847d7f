// The files of a run and where they lie.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "quire/base/context.h"
#include "quire/pipeline/options.h"

namespace quire {

class RunDirectory {
 public:
  explicit RunDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path recipe() const { return path_ / "recipe.toml"; }
  [[nodiscard]] std::filesystem::path labels() const { return path_ / "labels.txt"; }
  [[nodiscard]] std::filesystem::path folds() const { return path_ / "folds.tsv"; }
  [[nodiscard]] std::filesystem::path member(const std::string& name) const {
    return path_ / "members" / name;
  }
  [[nodiscard]] std::filesystem::path fold(const std::string& name, int fold) const;
  // Written last into a fold's folder: the fold is finished.
  [[nodiscard]] std::filesystem::path fold_metrics(const std::string& name, int k) const {
    return fold(name, k) / "metrics.json";
  }
  // Written last of all: the run is finished.
  [[nodiscard]] std::filesystem::path member_metrics(const std::string& name) const {
    return member(name) / "metrics.json";
  }

  // Is this a run of ours (finished or not)?
  [[nodiscard]] bool is_run() const;
  // Refuses a place that is taken. Touches nothing, so that it can be asked before any work.
  void check(const TrainOptions& options) const;
  // The same, then clears an old run for --force and writes the recipe; with --resume the recipe
  // must be the one the run was started with.
  void prepare(const TrainOptions& options) const;
  // Folders of finished folds, ascending. InputError when there is none.
  [[nodiscard]] std::vector<std::filesystem::path> finished_folds(const std::string& name) const;

 private:
  [[nodiscard]] bool is_taken() const;

  std::filesystem::path path_;
};

}  // namespace quire
