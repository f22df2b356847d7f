#include "pipeline/run_directory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "pipeline/stage.h"
#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

// What a run consists of. The recipe goes last: until then the directory is known as ours.
constexpr const char* kContents[] = {"members",      "ensemble",     "leaderboard.tsv", "oof.tsv",
                                     "suspects.tsv", "coverage.tsv", "predictions.tsv", "labels.txt",
                                     "folds.tsv",    "inputs.json",  "recipe.toml"};

constexpr const char* kLock = ".lock";

bool lies_in(const fs::path& path, const fs::path& folder) {
  const fs::path relative = fs::weakly_canonical(path).lexically_relative(fs::weakly_canonical(folder));
  return !relative.empty() && *relative.begin() != "..";
}

// The flags of options that name something in `folder`.
std::vector<std::string> options_within(const Recipe& recipe, const fs::path& folder) {
  Recipe copy = recipe;
  std::vector<std::string> found;
  const auto look = [&](const std::vector<Option>& table) {
    for (const Option& option : table) {
      const std::string path = path_of(option);
      if (!path.empty() && lies_in(path, folder))
        found.push_back(fmt::format("--{} '{}'", flag_of(option), path));
    }
  };
  look(data_options(copy.task));
  for (MemberOptions& member : copy.members) look(member.settings().table());
  return found;
}

}  // namespace

fs::path RunDirectory::fold(const std::string& name, int k) const {
  return member(name) / fmt::format("fold-{}", k);
}

bool RunDirectory::is_run() const {
  return fs::is_regular_file(recipe()) && read_file(recipe()).starts_with("# Written by quire");
}

// A process that died early may have left its lock behind.
bool RunDirectory::is_taken() const {
  if (!fs::is_directory(path_)) return fs::exists(path_);
  return std::ranges::any_of(fs::directory_iterator(path_), [](const fs::directory_entry& entry) {
    return entry.path().filename() != kLock;
  });
}

Recipe RunDirectory::read() const {
  if (!is_run()) {
    throw InputError(fmt::format("'{}' is not a run of quire", path_.string()),
                     "name the directory that `quire train -o` wrote");
  }
  return read_recipe(read_file(recipe()), recipe());
}

void RunDirectory::check(const Recipe& recipe, Existing existing) const {
  if (!is_taken()) return;
  if (!is_run()) {
    throw InputError(fmt::format("'{}' exists and is not a run of quire", path_.string()),
                     "choose another --output");
  }
  if (existing == Existing::refuse) {
    throw InputError(fmt::format("the run '{}' exists", path_.string()),
                     "--resume goes on with it, --force replaces it");
  }
  if (existing != Existing::replace) return;
  for (const char* name : kContents) {
    const std::vector<std::string> within = options_within(recipe, path_ / name);
    if (within.empty()) continue;
    throw InputError(fmt::format("--force would delete {}", within.front()),
                     "write to another --output, or copy it out of the run first");
  }
}

void RunDirectory::compare(const Recipe& now, const RunInputs& inputs, Existing existing) const {
  const bool members_too = existing == Existing::resume;
  const std::vector<std::string> options = recipe_differences(read(), now, members_too);
  if (!options.empty()) {
    throw InputError(
        fmt::format("'{}' was started with other options: {}", path_.string(), fmt::join(options, "; ")),
        "repeat the command it was started with, or replace the run with --force");
  }
  // A process that died before it wrote them has made nothing yet.
  if (!fs::exists(this->inputs())) return;
  const std::vector<std::string> changed = inputs.changed_since(RunInputs::read(this->inputs()), members_too);
  if (changed.empty()) return;
  throw InputError(fmt::format("'{}' was started with other data: {} changed since then", path_.string(),
                               fmt::join(changed, " and ")),
                   "what it has would be scored on rows it was trained on: bring back the files, or replace "
                   "the run with --force");
}

FileLock RunDirectory::prepare(const Recipe& now, const RunInputs& now_inputs, Existing existing,
                               const Context& context) const {
  check(now, existing);
  make_directories(path_);
  FileLock lock = FileLock::lock(path_ / kLock, path_.string(), context);
  if (is_run() && existing != Existing::replace) {
    compare(now, now_inputs, existing);
    remove_partial_files(path_);
  } else if (is_run()) {
    for (const char* name : kContents) fs::remove_all(path_ / name);
  }
  if (!is_run() || existing == Existing::resume_edited) write_file_atomically(recipe(), write_recipe(now));
  now_inputs.write(inputs());
  return lock;
}

void RunDirectory::remove_other_members(const Recipe& recipe) const {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(path_ / "members")) {
    const std::string name = entry.path().filename().string();
    if (std::ranges::find(recipe.members, name, &MemberOptions::name) == recipe.members.end())
      found.push_back(entry.path());
  }
  for (const fs::path& path : found) fs::remove_all(path);
}

std::vector<fs::path> RunDirectory::finished_folds(const std::string& name) const {
  std::vector<fs::path> found;
  for (int k = 0; fs::exists(fold(name, k)); ++k) {
    const auto record = read_fold_record(fold(name, k));
    if (record && record->state == FoldState::finished) found.push_back(fold(name, k));
  }
  if (found.empty()) {
    throw InputError(fmt::format("the run '{}' has no finished fold of member '{}'", path_.string(), name),
                     "finish it with `quire train ... --resume`");
  }
  return found;
}

}  // namespace quire
