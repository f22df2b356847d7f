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

// Every key of a [[member]] section: those that all kinds have, and the kind's own.
class MemberTable {
 public:
  explicit MemberTable(MemberOptions& member)
      : member_(member), kind_(member.kind().name()), seed_(member.seed.value_or(kNoSeed)) {}
  ~MemberTable() {
    if (seed_ != kNoSeed) member_.seed = seed_;
  }
  MemberTable(const MemberTable&) = delete;
  MemberTable& operator=(const MemberTable&) = delete;

  [[nodiscard]] std::vector<Option> options() {
    std::vector<Option> table = {
        {.name = "type", .help = "", .value = &kind_},
        {.name = "name", .help = "", .value = &member_.name},
        {.name = "seed", .help = "", .value = &seed_, .least = 0, .most = 9e15},
        {.name = "repeat", .help = "", .value = &member_.repeat, .least = 1, .most = 1000},
    };
    const std::vector<Option> own = member_.settings().table();
    table.insert(table.end(), own.begin(), own.end());
    return table;
  }
  // Those that are worth writing: of a seed only one of its own.
  [[nodiscard]] std::vector<Option> options_to_write() {
    std::vector<Option> table = options();
    std::erase_if(
        table, [&](const Option& o) { return o.name == "repeat" || (o.name == "seed" && seed_ == kNoSeed); });
    return table;
  }

 private:
  static constexpr std::int64_t kNoSeed = -1;
  MemberOptions& member_;
  std::string kind_;
  std::int64_t seed_;
};

std::string hint_of_other_kinds(std::string_view key) {
  std::string name(key);
  std::ranges::replace(name, '_', '-');
  return kinds_with(name);
}

std::string kind_of(const toml::table& section, const Place& place) {
  const toml::node* type = section.get("type");
  if (type == nullptr) return "encoder";
  std::string kind = expect<std::string>(*type, "type", place, "a text in quotes");
  const auto kinds = member_kind_names();
  if (std::ranges::find(kinds, kind) != kinds.end()) return kind;
  const std::string nearest = nearest_name(kind, kinds);
  throw InputError(fmt::format("{}: no member is called '{}'", place(*type), kind),
                   fmt::format("expected one of: {}{}", fmt::join(kinds, ", "),
                               nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)));
}

MemberOptions read_member(const toml::table& section, const toml::table* defaults, const Place& place) {
  const std::string kind = kind_of(section, place);
  MemberOptions member(kind);
  MemberTable table(member);
  const std::string owner = fmt::format("this member, '{}'", kind);
  if (defaults != nullptr) {
    if (const toml::node* of_kind = defaults->get(kind))
      read_section(expect_table(*of_kind, kind, place), table.options(), owner, place, hint_of_other_kinds);
  }
  read_section(section, table.options(), owner, place, hint_of_other_kinds);
  return member;
}

// [defaults.TYPE]: options that all members of a kind share.
const toml::table* read_defaults(const toml::table& table, const Place& place) {
  const toml::node* node = table.get("defaults");
  if (node == nullptr) return nullptr;
  const toml::table& defaults = expect_table(*node, "defaults", place);
  const auto kinds = member_kind_names();
  for (const auto& [key, section] : defaults) {
    if (std::ranges::find(kinds, key.str()) != kinds.end()) continue;
    throw InputError(fmt::format("{}: no member is called '{}'", place(section), key.str()),
                     fmt::format("expected one of: {}", fmt::join(kinds, ", ")));
  }
  return &defaults;
}

std::vector<MemberOptions> read_members(const toml::node& node, const toml::table* defaults,
                                        const Place& place) {
  const toml::array* sections = node.as_array();
  if (sections == nullptr || !sections->is_homogeneous<toml::table>()) {
    throw InputError(fmt::format("{}: 'member' is not a list of sections", place(node)),
                     "begin each member with [[member]], in double brackets");
  }
  std::vector<MemberOptions> members;
  for (const toml::node& section : *sections)
    members.push_back(read_member(*section.as_table(), defaults, place));
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
    const bool both_paths = !path_of(before[i]).empty() && !path_of(now[i]).empty();
    if (!now[i].in_recipe || both_paths || same_value(before[i], now[i])) continue;
    found.push_back(
        fmt::format("{}--{} was {} and is {}", owner, flag_of(now[i]), shown(before[i]), shown(now[i])));
  }
}

// NAME-1, NAME-2, ... with seeds that follow each other, for a member that is repeated.
std::vector<MemberOptions> repeated(const std::vector<MemberOptions>& members, std::int64_t seed) {
  std::vector<MemberOptions> all;
  for (const MemberOptions& member : members) {
    for (std::int64_t i = 0; i < member.repeat; ++i) {
      MemberOptions one = member;
      one.repeat = 1;
      if (member.repeat > 1) {
        const std::string name = member.name.empty() ? std::string(member.kind().name()) : member.name;
        one.name = fmt::format("{}-{}", name, i + 1);
        one.seed = member.seed.value_or(seed) + i;
      }
      all.push_back(std::move(one));
    }
  }
  return all;
}

}  // namespace

void check_recipe(Recipe& recipe) {
  check_task(recipe.task);
  if (recipe.members.empty())
    throw InputError("the recipe has no member", "add a [[member]] section, or name one by --member");
  recipe.members = repeated(recipe.members, recipe.task.seed);
  std::set<std::string> names;
  for (MemberOptions& member : recipe.members) {
    member.check();
    if (!names.insert(member.name).second) {
      throw InputError(fmt::format("two members are called '{}'", member.name),
                       "give each [[member]] a name of its own");
    }
  }
  for (const Option& option : ensemble_options(recipe.ensemble)) check_option(option);
}

std::string write_recipe(const Recipe& recipe) {
  // Tables are bound to what they describe, so a copy lends its variables.
  Recipe copy = recipe;
  std::string text = fmt::format(
      "# Written by quire: the options of this run, all defaults resolved.\nformat = {}\n", kRecipeFormat);
  text += section("[data]", data_options(copy.task));
  text += section("[folds]", fold_options(copy.task));
  for (MemberOptions& member : copy.members)
    text += section("[[member]]", MemberTable(member).options_to_write());
  if (copy.members.size() > 1) text += section("[ensemble]", ensemble_options(copy.ensemble));
  if (!copy.output.submission.empty()) text += section("[output]", output_options(copy.output));
  return text;
}

Recipe read_recipe(std::string_view toml_text, const fs::path& path) {
  const Place place(path.string());
  const toml::table table = parse(toml_text, place.path());
  check_format(table, place);
  Recipe recipe;
  const toml::table* defaults = read_defaults(table, place);
  const auto nothing = [](std::string_view) { return std::string(); };
  const std::vector<std::string> known = {"data", "folds", "member", "defaults", "ensemble", "output"};
  for (const auto& [key, node] : table) {
    const std::string_view name = key.str();
    const auto read = [&](const std::vector<Option>& options) {
      read_section(expect_table(node, name, place), options, fmt::format("[{}]", name), place, nothing);
    };
    if (name == "format" || name == "defaults") continue;
    if (name == "data") {
      read(data_options(recipe.task));
    } else if (name == "folds") {
      read(fold_options(recipe.task));
    } else if (name == "member") {
      recipe.members = read_members(node, defaults, place);
    } else if (name == "ensemble") {
      read(ensemble_options(recipe.ensemble));
    } else if (name == "output") {
      read(output_options(recipe.output));
    } else {
      throw InputError(fmt::format("{}: '{}' is no section of a recipe", place(node), name),
                       did_you_mean(name, known, fmt::format("known are {}", fmt::join(known, ", "))));
    }
  }
  return recipe;
}

namespace {

// A value without quotes is a text: `--set member.a.model=models/mini` would need two pairs of them.
toml::table parse_assignment(std::string_view key, std::string_view value, const Place& place) {
  try {
    return toml::parse(fmt::format("{} = {}", key, value), place.path());
  } catch (const toml::parse_error&) {
    return toml::table{{key, std::string(value)}};
  }
}

std::vector<std::string> names_of(const std::vector<MemberOptions>& members) {
  std::vector<std::string> names;
  for (const MemberOptions& member : members)
    names.push_back(member.name.empty() ? std::string(member.kind().name()) : member.name);
  return names;
}

}  // namespace

void set_value(Recipe& recipe, std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  const std::string_view path = assignment.substr(0, equals);
  const std::size_t dot = path.find('.');
  const std::string whole = fmt::format("--set {}", assignment);
  if (equals == std::string_view::npos || dot == std::string_view::npos) {
    throw InputError(fmt::format("'{}' sets nothing", whole),
                     "expected SECTION.KEY=VALUE or member.NAME.KEY=VALUE, such as folds.count=3");
  }
  const std::string_view section = path.substr(0, dot);
  const std::string_view key = path.substr(dot + 1);
  const std::string_view value = assignment.substr(equals + 1);
  // Paths on the command line start where the program is called, so the place has no folder.
  const Place place("--set");
  const auto assign_in = [&](std::string_view name, const std::vector<Option>& table, std::string_view owner,
                             auto hint) {
    read_section(parse_assignment(name, value, place), table, owner, place, hint);
  };
  const auto nothing = [](std::string_view) { return std::string(); };
  if (section == "data") return assign_in(key, data_options(recipe.task), "[data]", nothing);
  if (section == "folds") return assign_in(key, fold_options(recipe.task), "[folds]", nothing);
  if (section == "ensemble") return assign_in(key, ensemble_options(recipe.ensemble), "[ensemble]", nothing);
  if (section == "output") return assign_in(key, output_options(recipe.output), "[output]", nothing);
  const std::size_t last = key.rfind('.');
  if (section != "member" || last == std::string_view::npos) {
    throw InputError(fmt::format("'{}' names no section of the recipe", whole),
                     "known are data, folds, ensemble, output and member.NAME");
  }
  const std::string_view name = key.substr(0, last);
  const std::vector<std::string> names = names_of(recipe.members);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != name) continue;
    MemberTable table(recipe.members[i]);
    return assign_in(key.substr(last + 1), table.options(),
                     fmt::format("this member, '{}'", recipe.members[i].kind().name()), hint_of_other_kinds);
  }
  throw InputError(fmt::format("'{}': no member is called '{}'", whole, name),
                   did_you_mean(name, names, fmt::format("members are {}", fmt::join(names, ", "))));
}

std::vector<std::string> recipe_differences(const Recipe& before_in, const Recipe& now_in, bool members_too) {
  Recipe before = before_in;
  Recipe now = now_in;
  std::vector<std::string> found;
  compare(data_options(before.task), data_options(now.task), "", found);
  compare(fold_options(before.task), fold_options(now.task), "", found);
  if (!members_too) return found;
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
    if (a.seed != b.seed) found.push_back(fmt::format("{}: another seed", b.name));
    const std::string owner = now.members.size() > 1 ? fmt::format("{}: ", b.name) : "";
    compare(a.settings().table(), b.settings().table(), owner, found);
  }
  return found;
}

}  // namespace quire
