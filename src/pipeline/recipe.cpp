#include "quire/pipeline/recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <set>

#include "quire/base/error.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

// ---- Writing -----------------------------------------------------------------------------------------

std::string line_of(const Option& option) {
  std::string text = value_text(option);
  if (const std::string path = path_of(option); !path.empty()) text = toml_text(fs::absolute(path).string());
  return text.empty() ? "" : fmt::format("{} = {}\n", key_of(option), text);
}

std::string section(std::string_view head, const std::vector<Option>& table) {
  std::string text = fmt::format("\n{}\n", head);
  for (const Option& option : table)
    if (option.in_recipe) text += line_of(option);
  return text;
}

// ---- Reading -----------------------------------------------------------------------------------------

// Where a node stands, for messages.
class Place {
 public:
  explicit Place(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] std::string operator()(const toml::node& node) const {
    return fmt::format("{}:{}", path_, node.source().begin.line);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

template <typename T>
T expect(const toml::node& node, std::string_view key, const Place& place, const char* expected) {
  if (const auto value = node.value<T>()) return *value;
  throw InputError(fmt::format("{}: '{}' has a value of another type", place(node), key),
                   fmt::format("expected {}", expected));
}

void assign(const toml::node& node, const Option& option, std::string_view key, const Place& place) {
  std::visit(
      [&](auto* value) {
        using T = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          value->clear();
          const toml::array* texts = node.as_array();
          if (texts == nullptr) {
            value->push_back(expect<std::string>(node, key, place, "a text or a list of texts"));
            return;
          }
          for (const toml::node& text : *texts)
            value->push_back(expect<std::string>(text, key, place, "a list of texts"));
        } else if constexpr (std::is_same_v<T, std::optional<double>> || std::is_same_v<T, double>) {
          *value = expect<double>(node, key, place, "a number");
        } else if constexpr (std::is_same_v<T, std::string>) {
          *value = expect<std::string>(node, key, place, "a text in quotes");
        } else if constexpr (std::is_same_v<T, bool>) {
          *value = expect<bool>(node, key, place, "true or false");
        } else {
          *value = expect<std::int64_t>(node, key, place, "a whole number");
        }
      },
      option.value);
  check_option(option, fmt::format("{}: '{}'", place(node), key));
  // Paths start at the recipe, not where the program happens to be called.
  if (const std::string given = path_of(option); !given.empty()) {
    const fs::path folder = fs::path(place.path()).parent_path();
    **std::get_if<std::string*>(&option.value) = (folder / given).string();
  }
}

std::string did_you_mean(std::string_view key, const std::vector<std::string>& known,
                         const std::string& otherwise) {
  const std::string nearest = nearest_name(key, known);
  return nearest.empty() ? otherwise : fmt::format("did you mean {}?", nearest);
}

std::vector<std::string> keys_of(const std::vector<Option>& table) {
  std::vector<std::string> keys;
  for (const Option& option : table) keys.push_back(key_of(option));
  return keys;
}

// Fills the options of a section; `owner` names it in messages, and `hint` says what else a key may be.
template <typename Hint>
void read_section(const toml::table& section, const std::vector<Option>& table, std::string_view owner,
                  const Place& place, Hint hint) {
  for (const auto& [key, node] : section) {
    const std::string_view name = key.str();
    const auto found = std::ranges::find_if(table, [&](const Option& o) { return key_of(o) == name; });
    if (found == table.end() || !found->in_recipe) {
      std::string known_elsewhere = hint(name);
      throw InputError(fmt::format("{}: '{}' is no option of {}", place(node), name, owner),
                       known_elsewhere.empty()
                           ? did_you_mean(name, keys_of(table), "docs/recipe.md lists the options")
                           : known_elsewhere);
    }
    assign(node, *found, name, place);
  }
}

const toml::table& expect_table(const toml::node& node, std::string_view name, const Place& place) {
  if (const toml::table* table = node.as_table()) return *table;
  throw InputError(fmt::format("{}: '{}' is a section, not a value", place(node), name),
                   fmt::format("begin it with [{}]", name));
}

MemberOptions read_member(const toml::table& section, const Place& place) {
  std::string kind = "encoder";
  if (const toml::node* type = section.get("type")) {
    kind = expect<std::string>(*type, "type", place, "a text in quotes");
    const auto kinds = member_kind_names();
    if (std::ranges::find(kinds, kind) == kinds.end()) {
      const std::string nearest = nearest_name(kind, kinds);
      throw InputError(fmt::format("{}: no member is called '{}'", place(*type), kind),
                       fmt::format("expected one of: {}{}", fmt::join(kinds, ", "),
                                   nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)));
    }
  }
  MemberOptions member(kind);
  std::vector<Option> table = member.settings().table();
  table.push_back({.name = "type", .help = "", .value = &kind});
  table.push_back({.name = "name", .help = "", .value = &member.name});
  read_section(section, table, fmt::format("this member, '{}'", kind), place, [](std::string_view key) {
    std::string name(key);
    std::ranges::replace(name, '_', '-');
    return kinds_with(name);
  });
  return member;
}

std::vector<MemberOptions> read_members(const toml::node& node, const Place& place) {
  const toml::array* sections = node.as_array();
  if (sections == nullptr || !sections->is_homogeneous<toml::table>()) {
    throw InputError(fmt::format("{}: 'member' is not a list of sections", place(node)),
                     "begin each member with [[member]], in double brackets");
  }
  std::vector<MemberOptions> members;
  for (const toml::node& section : *sections) members.push_back(read_member(*section.as_table(), place));
  return members;
}

void check_format(const toml::table& table, const Place& place) {
  const toml::node* format = table.get("format");
  if (format == nullptr) {
    // What runs wrote before formats had numbers.
    if (table.contains("member") && table["member"].is_string()) {
      throw InputError(fmt::format("{}: the recipe was written by a Quire before recipes had a format number",
                                   place.path()),
                       "train again: runs of that time cannot be read");
    }
    return;
  }
  const auto number = expect<std::int64_t>(*format, "format", place, "a whole number");
  if (number >= 1 && number <= kRecipeFormat) return;
  throw InputError(fmt::format("{}: the recipe has format {}; this Quire reads up to {}", place(*format),
                               number, kRecipeFormat),
                   "a newer Quire wrote it: use that one, or a newer one");
}

toml::table parse(std::string_view text, const std::string& path) {
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    throw InputError(fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()),
                     "the file must be TOML");
  }
}

// ---- Comparing ---------------------------------------------------------------------------------------

std::string shown(const Option& option) {
  const std::string text = value_text(option);
  return text.empty() ? "not set" : text;
}

void compare(const std::vector<Option>& before, const std::vector<Option>& now, std::string_view owner,
             std::vector<std::string>& found) {
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (!now[i].in_recipe || now[i].is_path || same_value(before[i], now[i])) continue;
    found.push_back(
        fmt::format("{}--{} was {} and is {}", owner, flag_of(now[i]), shown(before[i]), shown(now[i])));
  }
}

}  // namespace

void check_recipe(Recipe& recipe) {
  check_task(recipe.task);
  if (recipe.members.empty())
    throw InputError("the recipe has no member", "add a [[member]] section, or name one by --member");
  std::set<std::string> names;
  for (MemberOptions& member : recipe.members) {
    member.check();
    if (!names.insert(member.name).second) {
      throw InputError(fmt::format("two members are called '{}'", member.name),
                       "give each [[member]] a name of its own");
    }
  }
}

std::string write_recipe(const Recipe& recipe) {
  // Tables are bound to what they describe, so a copy lends its variables.
  Recipe copy = recipe;
  std::string text = fmt::format(
      "# Written by quire: the options of this run, all defaults resolved.\nformat = {}\n", kRecipeFormat);
  text += section("[data]", data_options(copy.task));
  text += section("[folds]", fold_options(copy.task));
  for (MemberOptions& member : copy.members) {
    std::string kind(member.kind().name());
    std::vector<Option> table = {{.name = "type", .help = "", .value = &kind},
                                 {.name = "name", .help = "", .value = &member.name}};
    const std::vector<Option> own = member.settings().table();
    table.insert(table.end(), own.begin(), own.end());
    text += section("[[member]]", table);
  }
  return text;
}

Recipe read_recipe(std::string_view toml_text, const fs::path& path) {
  const Place place(path.string());
  const toml::table table = parse(toml_text, place.path());
  check_format(table, place);
  Recipe recipe;
  const auto nothing = [](std::string_view) { return std::string(); };
  for (const auto& [key, node] : table) {
    const std::string_view name = key.str();
    if (name == "format") continue;
    if (name == "data") {
      read_section(expect_table(node, name, place), data_options(recipe.task), "[data]", place, nothing);
    } else if (name == "folds") {
      read_section(expect_table(node, name, place), fold_options(recipe.task), "[folds]", place, nothing);
    } else if (name == "member") {
      recipe.members = read_members(node, place);
    } else {
      throw InputError(fmt::format("{}: '{}' is no section of a recipe", place(node), name),
                       did_you_mean(name, {"data", "folds", "member"}, "known are data, folds and member"));
    }
  }
  return recipe;
}

std::vector<std::string> recipe_differences(const Recipe& before_in, const Recipe& now_in) {
  Recipe before = before_in;
  Recipe now = now_in;
  std::vector<std::string> found;
  compare(data_options(before.task), data_options(now.task), "", found);
  compare(fold_options(before.task), fold_options(now.task), "", found);
  if (before.members.size() != now.members.size()) {
    found.push_back(fmt::format("it had {} members and has {}", before.members.size(), now.members.size()));
    return found;
  }
  for (std::size_t i = 0; i < now.members.size(); ++i) {
    MemberOptions& a = before.members[i];
    MemberOptions& b = now.members[i];
    if (a.name != b.name || &a.kind() != &b.kind()) {
      found.push_back(
          fmt::format("member '{}' ({}) was '{}' ({})", b.name, b.kind().name(), a.name, a.kind().name()));
      continue;
    }
    const std::string owner = now.members.size() > 1 ? fmt::format("{}: ", b.name) : "";
    compare(a.settings().table(), b.settings().table(), owner, found);
  }
  return found;
}

}  // namespace quire
