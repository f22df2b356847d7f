// What a run was started from: fingerprints of contents, kept beside its recipe.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/task.h"
#include "quire/members/kind.h"

namespace quire {

// Names for people and fingerprints, in a fixed order: "the training table" and so on.
struct RunInputs {
  std::vector<std::pair<std::string, std::string>> fingerprints;

  // inputs.json. Throws InputError for a file that is damaged or of a newer format.
  void write(const std::filesystem::path& path) const;
  [[nodiscard]] static RunInputs read(const std::filesystem::path& path);
  // Names of those that are not equal in `before`; those of members only where they count too.
  [[nodiscard]] std::vector<std::string> changed_since(const RunInputs& before, bool members_too) const;
};

// Of a task: tables, labels, split.
[[nodiscard]] RunInputs inputs_of(const Task& task);

// Of the files that a member's options name: model directories, word vectors, weights of classes.
[[nodiscard]] RunInputs inputs_of(const MemberOptions& member);

// Of everything that a member's learners depend on: the version of the code that makes them, its options and
// files, the tables that it is trained on, and the split. Reads those files.
[[nodiscard]] std::string member_key(const Task& task, const MemberOptions& member);

// Of the learner of one fold.
[[nodiscard]] std::string fold_key(const std::string& member_key, int fold);

}  // namespace quire
