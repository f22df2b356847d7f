#include "quire/base/option.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "quire/base/error.h"

namespace quire {
namespace {

void check_range(const Option& option, double value, std::string_view label) {
  if (option.least == option.most || (value >= option.least && value <= option.most)) return;
  throw InputError(fmt::format("{} is {:g}", label, value),
                   fmt::format("expected a value from {:g} to {:g}", option.least, option.most));
}

void check_choice(const Option& option, const std::string& value, std::string_view label) {
  if (option.choices.empty() || std::ranges::find(option.choices, value) != option.choices.end()) return;
  const std::string nearest = nearest_name(value, option.choices);
  throw InputError(fmt::format("{} is '{}'", label, value),
                   fmt::format("expected one of: {}{}", fmt::join(option.choices, ", "),
                               nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)));
}

// The shortest text that reads back as the same number; TOML wants a point or an exponent.
std::string number_text(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string toml_text(std::string_view text) {
  // As it stands where nothing has to be escaped, which is easier to read with backslashes in it.
  const auto is_plain = [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != '\'' && c != 0x7f;
  };
  if (std::ranges::all_of(text, is_plain)) return fmt::format("'{}'", text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string value_text(const Option& option) {
  return std::visit(
      [](auto* value) -> std::string {
        using T = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          std::vector<std::string> texts;
          for (const std::string& text : *value) texts.push_back(toml_text(text));
          return texts.empty() ? "" : fmt::format("[{}]", fmt::join(texts, ", "));
        } else if constexpr (std::is_same_v<T, std::optional<double>>) {
          return *value ? number_text(**value) : "";
        } else if constexpr (std::is_same_v<T, std::string>) {
          return value->empty() ? "" : toml_text(*value);
        } else if constexpr (std::is_same_v<T, double>) {
          return number_text(*value);
        } else {
          return fmt::format("{}", *value);
        }
      },
      option.value);
}

std::string_view flag_of(const Option& option) { return option.flag.empty() ? option.name : option.flag; }

std::string key_of(const Option& option) {
  std::string key(option.name);
  std::ranges::replace(key, '-', '_');
  return key;
}

std::string path_of(const Option& option) {
  const auto* text = std::get_if<std::string*>(&option.value);
  if (!option.is_path || text == nullptr) return {};
  const std::string& value = **text;
  return std::ranges::find(option.keywords, value) == option.keywords.end() ? value : std::string();
}

void check_option(const Option& option, std::string_view label) {
  std::visit(
      [&](auto* value) {
        using T = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, double>) {
          check_range(option, static_cast<double>(*value), label);
        } else if constexpr (std::is_same_v<T, std::optional<double>>) {
          if (*value) check_range(option, **value, label);
        } else if constexpr (std::is_same_v<T, std::string>) {
          check_choice(option, *value, label);
        }
      },
      option.value);
}

void check_option(const Option& option) { check_option(option, fmt::format("--{}", flag_of(option))); }

bool same_value(const Option& a, const Option& b) {
  return std::visit(
      [&](auto* value) {
        const auto* other = std::get_if<decltype(value)>(&b.value);
        return other != nullptr && *value == **other;
      },
      a.value);
}

}  // namespace quire
