// A recipe: what is learned, and by whom, as a TOML file that people write and every run keeps.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "quire/members/kind.h"
#include "quire/pipeline/task_options.h"

namespace quire {

// The number of the format of recipe.toml. Older ones are read with defaults for what they lack, newer ones
// are refused by their number.
inline constexpr std::int64_t kRecipeFormat = 1;

// How members are combined. Names, help and choices stand in src/pipeline/ensemble_options.cpp.
struct EnsembleOptions {
  std::vector<std::string> methods = {"vote",     "weighted-vote", "mean", "weighted-mean",
                                      "log-mean", "greedy",        "stack"};
  std::string metric = "accuracy";  // accuracy, macro_f1, log_loss: what is chosen by and sorted by
  std::string choose = "auto";      // or a method, or best-member
  bool calibrate = true;
};

struct OutputOptions {
  std::string submission;  // id and label of the test table's rows; relative paths start at the run
};

struct Recipe {
  TaskOptions task;
  std::vector<MemberOptions> members;
  EnsembleOptions ensemble;
  OutputOptions output;
};

[[nodiscard]] std::vector<Option> ensemble_options(EnsembleOptions& options);
[[nodiscard]] std::vector<Option> output_options(OutputOptions& options);

// Throws InputError for values out of range, options that contradict each other, no member, or two of one
// name; settles defaults that depend on other options, and puts members of their own in the place of one that
// is repeated.
void check_recipe(Recipe& recipe);

// Sets one value by its path, as on the command line: "folds.count=3", "member.NAME.learning_rate=3e-5" (the
// values are TOML; texts may go without quotes). Throws InputError for what is not there.
void set_value(Recipe& recipe, std::string_view assignment);

// All options with their values, those that are about a call rather than a result left out. Paths are
// written absolute.
[[nodiscard]] std::string write_recipe(const Recipe& recipe);

// Relative paths start at the folder of `path`, which also names the file in errors. Throws InputError
// ("PATH:LINE: ...") for what is no TOML, an unknown section or key (with the nearest known one), a value of
// another type or out of range, an option of another kind of member, a newer format, and a recipe without a
// format that was written before there were numbers.
[[nodiscard]] Recipe read_recipe(std::string_view toml, const std::filesystem::path& path);

// A sentence for each option that differs: "--epochs was 3 and is 5". Two paths are not compared: what lies
// there is, by its contents (see run_inputs.h). Without `members_too` only of data and folds.
[[nodiscard]] std::vector<std::string> recipe_differences(const Recipe& before, const Recipe& now,
                                                          bool members_too = true);

}  // namespace quire
