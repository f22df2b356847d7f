// The files of a run and where they lie.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/run_inputs.h"
#include "quire/base/context.h"
#include "quire/base/file_lock.h"
#include "quire/pipeline/recipe.h"

namespace quire {

enum class Existing {
  refuse,
  resume,         // only with the recipe that it was started with
  resume_edited,  // members and what follows from them may have changed: they are made anew
  replace,
};

class RunDirectory {
 public:
  explicit RunDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path recipe() const { return path_ / "recipe.toml"; }
  [[nodiscard]] std::filesystem::path inputs() const { return path_ / "inputs.json"; }
  [[nodiscard]] std::filesystem::path labels() const { return path_ / "labels.txt"; }
  [[nodiscard]] std::filesystem::path folds() const { return path_ / "folds.tsv"; }
  [[nodiscard]] std::filesystem::path member(const std::string& name) const {
    return path_ / "members" / name;
  }
  [[nodiscard]] std::filesystem::path fold(const std::string& name, int k) const;
  [[nodiscard]] std::filesystem::path fold_metrics(const std::string& name, int k) const {
    return fold(name, k) / "metrics.json";
  }
  // Written last of a member: it is finished.
  [[nodiscard]] std::filesystem::path member_metrics(const std::string& name) const {
    return member(name) / "metrics.json";
  }

  // Of several members combined.
  [[nodiscard]] std::filesystem::path ensemble(const std::string& method) const {
    return path_ / "ensemble" / method;
  }
  [[nodiscard]] std::filesystem::path combination(const std::string& method) const {
    return path_ / "ensemble" / (method + ".json");
  }
  [[nodiscard]] std::filesystem::path chosen() const { return path_ / "ensemble" / "chosen.json"; }

  // Is this a run of ours (finished or not)? Another program's recipe.toml makes none.
  [[nodiscard]] bool is_run() const;
  // The recipe that the run was started with. InputError when this is no run.
  [[nodiscard]] Recipe read() const;

  // Refuses a place that is taken, and a recipe whose files lie in what --force would delete. Touches
  // nothing, so that it can be asked before any work.
  void check(const Recipe& recipe, Existing existing) const;
  // InputError, naming what differs, where the run was started with another recipe or other inputs. Of
  // members only where they may not have changed.
  void compare(const Recipe& recipe, const RunInputs& inputs, Existing existing) const;
  // Takes the directory for this process, clears an old run for Existing::replace, and writes recipe and
  // inputs; compares them first where the run is resumed.
  [[nodiscard]] FileLock prepare(const Recipe& recipe, const RunInputs& inputs, Existing existing,
                                 const Context& context) const;
  // Removes folders of members that the recipe does not name.
  void remove_other_members(const Recipe& recipe) const;
  // Folders of finished folds, ascending. InputError when there is none.
  [[nodiscard]] std::vector<std::filesystem::path> finished_folds(const std::string& name) const;

 private:
  [[nodiscard]] bool is_taken() const;

  std::filesystem::path path_;
};

}  // namespace quire
