// Options of a run as a TOML file.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <sstream>

#include "quire/base/error.h"
#include "quire/pipeline/options.h"

namespace quire {
namespace {

std::string key_of(std::string_view name) {
  std::string key(name);
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

// `file` and `output` are arguments rather than options, but part of a recipe.
std::vector<Option> recipe_table(TrainOptions& options) {
  std::vector<Option> table = {{.name = "file", .help = "", .value = &options.file}};
  for (Option& option : option_table(options)) {
    if (option.in_recipe) table.push_back(std::move(option));
  }
  return table;
}

std::string quoted(const std::string& text) {
  std::ostringstream out;
  out << toml::value<std::string>(text);
  return out.str();
}

// The shortest text that reads back as the same number; TOML wants a point or an exponent.
std::string number(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

// The line of one option; empty for one that is not set.
std::string line_of(const Option& option) {
  const std::string text = std::visit(
      [](auto* value) -> std::string {
        using T = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          std::vector<std::string> names;
          for (const std::string& name : *value) names.push_back(quoted(name));
          return names.empty() ? "" : fmt::format("[{}]", fmt::join(names, ", "));
        } else if constexpr (std::is_same_v<T, std::optional<double>>) {
          return *value ? number(**value) : "";
        } else if constexpr (std::is_same_v<T, std::string>) {
          return value->empty() ? "" : quoted(*value);
        } else if constexpr (std::is_same_v<T, double>) {
          return number(*value);
        } else {
          return fmt::format("{}", *value);
        }
      },
      option.value);
  return text.empty() ? "" : fmt::format("{} = {}\n", key_of(option.name), text);
}

template <typename T>
T expect(const toml::node& node, std::string_view key, const std::string& path, const char* expected) {
  if (const auto value = node.value<T>()) return *value;
  throw InputError(
      fmt::format("{}:{}: '{}' has a value of another type", path, node.source().begin.line, key),
      fmt::format("expected {}", expected));
}

void assign(const toml::node& node, const Option& option, const std::string& path) {
  std::visit(
      [&](auto* value) {
        using T = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          value->clear();
          const toml::array* names = node.as_array();
          if (names == nullptr) {
            value->push_back(expect<std::string>(node, option.name, path, "a text or a list of texts"));
            return;
          }
          for (const toml::node& name : *names) {
            value->push_back(expect<std::string>(name, option.name, path, "a list of texts"));
          }
        } else if constexpr (std::is_same_v<T, std::optional<double>> || std::is_same_v<T, double>) {
          *value = expect<double>(node, option.name, path, "a number");
        } else if constexpr (std::is_same_v<T, std::string>) {
          *value = expect<std::string>(node, option.name, path, "a text in quotes");
        } else if constexpr (std::is_same_v<T, bool>) {
          *value = expect<bool>(node, option.name, path, "true or false");
        } else {
          *value = expect<std::int64_t>(node, option.name, path, "a whole number");
        }
      },
      option.value);
}

// What to do about a key that is no option of the recipe's member.
std::string hint_for(std::string_view key, const std::vector<Option>& known) {
  std::string name(key);
  std::ranges::replace(name, '_', '-');
  if (std::string members = members_with(name); !members.empty()) return members;
  std::vector<std::string> names;
  names.reserve(known.size());
  for (const Option& option : known) names.push_back(key_of(option.name));
  const std::string nearest = nearest_name(key, names);
  return nearest.empty() ? "see `quire train --help`" : fmt::format("did you mean {}?", nearest);
}

}  // namespace

std::string write_recipe(TrainOptions options) {
  std::string text = "# Written by quire train: the options of this run, all defaults resolved.\n";
  for (const Option& option : recipe_table(options)) text += line_of(option);
  return text;
}

TrainOptions read_recipe(std::string_view toml_text, const std::string& path) {
  TrainOptions options;
  toml::table table;
  try {
    table = toml::parse(toml_text, path);
  } catch (const toml::parse_error& error) {
    throw InputError(fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()),
                     "the file must be TOML");
  }
  // The kind of member says which options there are.
  if (const auto member = table["member"].value<std::string>()) {
    const auto& kinds = member_kinds();
    if (std::find(kinds.begin(), kinds.end(), *member) == kinds.end()) {
      throw InputError(fmt::format("{}:{}: no member is called '{}'", path,
                                   table["member"].node()->source().begin.line, *member),
                       fmt::format("expected one of: {}", fmt::join(kinds, ", ")));
    }
    options.member = *member;
  }
  const std::vector<Option> known = recipe_table(options);
  for (const auto& [key, node] : table) {
    const std::string_view name = key.str();
    const auto found =
        std::ranges::find_if(known, [&](const Option& option) { return key_of(option.name) == name; });
    if (found == known.end()) {
      throw InputError(fmt::format("{}:{}: '{}' is no option of this member, '{}'", path,
                                   node.source().begin.line, name, options.member),
                       hint_for(name, known));
    }
    assign(node, *found, path);
  }
  return options;
}

}  // namespace quire
