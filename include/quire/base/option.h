// Options as data: a name, a help text, a range and the variable they set. Command line, recipe file and run
// directory read the same tables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace quire {

struct Option {
  using Value = std::variant<std::int64_t*, double*, std::string*, bool*, std::vector<std::string>*,
                             std::optional<double>*>;

  std::string_view name;  // with '-' between words; recipes write '_'
  std::string_view help;
  Value value;                              // holds the default until it is set
  double least = 0, most = 0;               // of numbers; no range when equal
  std::vector<std::string_view> choices{};  // of texts; any when empty
  bool in_recipe = true;                    // false: about this call, not about the result
  // Names a file or a directory, unless the text is empty or one of `keywords`.
  bool is_path = false;
  std::vector<std::string_view> keywords{};
  // On the command line, where that is not `name`.
  std::string_view flag{};
};

// For numbers without a natural upper end.
inline constexpr double kMany = 1e9;

// As on the command line, without dashes.
[[nodiscard]] std::string_view flag_of(const Option& option);

// As in a recipe: '_' for '-'.
[[nodiscard]] std::string key_of(const Option& option);

// The path that the option holds; empty where it holds none.
[[nodiscard]] std::string path_of(const Option& option);

// The value as TOML writes it; empty for an empty text or list and for a number that is not set.
[[nodiscard]] std::string value_text(const Option& option);

// A text as TOML writes it, in quotes.
[[nodiscard]] std::string toml_text(std::string_view text);

// Throws InputError for a value out of its range or not among its choices. `label` is how the user knows the
// option: "--epochs", or a place in a recipe.
void check_option(const Option& option, std::string_view label);
// The same, as given on the command line.
void check_option(const Option& option);

// Do two options of one name have equal values?
[[nodiscard]] bool same_value(const Option& a, const Option& b);

}  // namespace quire
