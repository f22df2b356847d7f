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

struct Recipe {
  TaskOptions task;
  std::vector<MemberOptions> members;
};

// Throws InputError for values out of range, options that contradict each other, no member, or two of one
// name; settles defaults that depend on other options.
void check_recipe(Recipe& recipe);

// All options with their values, those that are about a call rather than a result left out. Paths are
// written absolute.
[[nodiscard]] std::string write_recipe(const Recipe& recipe);

// Relative paths start at the folder of `path`, which also names the file in errors. Throws InputError
// ("PATH:LINE: ...") for what is no TOML, an unknown section or key (with the nearest known one), a value of
// another type or out of range, an option of another kind of member, a newer format, and a recipe without a
// format that was written before there were numbers.
[[nodiscard]] Recipe read_recipe(std::string_view toml, const std::filesystem::path& path);

// A sentence for each option that differs: "--epochs was 3 and is 5". Paths are left out: what lies there is
// compared by its contents (see run_inputs.h).
[[nodiscard]] std::vector<std::string> recipe_differences(const Recipe& before, const Recipe& now);

}  // namespace quire
