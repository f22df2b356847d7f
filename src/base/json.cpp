#include "quire/base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/utf8.h"

namespace quire {
namespace {

constexpr int kDeepest = 100;
constexpr std::size_t kShownBytes = 100;
constexpr const char* kDamaged = "The file is damaged or cut short; fetch it again.";

std::string cut(std::string_view text) {
  std::string kept(text.substr(0, kShownBytes));
  if (text.size() > kShownBytes) {
    // Do not leave half a character behind.
    while (!kept.empty() && (static_cast<unsigned char>(text[kept.size()]) & 0xC0) == 0x80) kept.pop_back();
    kept += "...";
  }
  repair_utf8(kept);
  return kept;
}

std::string escape_controls(std::string_view text) {
  std::string escaped;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7F) {
      escaped += fmt::format("\\x{:02x}", byte);
    } else {
      escaped += character;
    }
  }
  return escaped;
}

// Where the text opens one bracket too many, if it does.
std::optional<std::size_t> find_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepest) return i;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return {};
}

template <typename Value>
Value parse(std::string_view text, const std::filesystem::path& file, std::size_t first_line) {
  const auto line_of = [&](std::size_t byte) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(byte, text.size()));
    return first_line + static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
  };
  if (const auto place = find_too_deep(text)) {
    throw InputError(
        fmt::format("{}:{}: the JSON is nested more than {} deep.", file.string(), line_of(*place), kDeepest),
        "No file of a model is; it is damaged or was made to do harm.");
  }
  try {
    return Value::parse(text);
  } catch (const typename Value::parse_error& error) {
    throw InputError(
        fmt::format("{}:{}: this is not JSON: {}.", file.string(), line_of(error.byte), reason_of(error)),
        kDamaged);
  } catch (const typename Value::exception& error) {
    throw InputError(fmt::format("\"{}\" is not usable JSON: {}.", file.string(), reason_of(error)),
                     kDamaged);
  }
}

[[noreturn]] void refuse_older(const std::string& where) {
  throw InputError(fmt::format("{} has no number of its format: an older Quire wrote it.", where),
                   "Train again: files without a number come from before the first release.");
}

void check_number(std::int64_t format, const std::string& where, int newest) {
  if (format <= newest) return;
  throw InputError(fmt::format("{} was written by a newer Quire (format {}); this one reads up to {}.", where,
                               format, newest),
                   "Use that Quire, or train again with this one.");
}

}  // namespace

std::string in_quotes(std::string_view text) { return fmt::format("\"{}\"", escape_controls(cut(text))); }

std::string shown(const Json& value) { return escape_controls(cut(compact_text(value))); }

std::string compact_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string reason_of(const std::exception& error) {
  std::string_view text = error.what();
  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ..."
  if (const std::size_t bracket = text.find("] "); text.starts_with('[') && bracket != std::string_view::npos)
    text.remove_prefix(bracket + 2);
  if (text.starts_with("parse error at ")) {
    if (const std::size_t colon = text.find(": "); colon != std::string_view::npos)
      text.remove_prefix(colon + 2);
  }
  std::string kept(text.substr(0, 2 * kShownBytes));
  repair_utf8(kept);
  return escape_controls(kept);
}

Json parse_json(std::string_view text, const std::filesystem::path& file, std::size_t line) {
  return parse<Json>(text, file, line);
}

OrderedJson parse_ordered_json(std::string_view text, const std::filesystem::path& file) {
  return parse<OrderedJson>(text, file, 1);
}

Json read_json(const std::filesystem::path& path) { return parse_json(read_file(path), path); }

std::optional<Json> read_json_if_present(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return {};
  return read_json(path);
}

std::optional<std::uint64_t> whole_number(const Json& value) {
  if (!value.is_number_integer()) return {};
  if (!value.is_number_unsigned() && value.get<std::int64_t>() < 0) return {};
  return value.get<std::uint64_t>();
}

Section Section::owning(Json value, std::string where) {
  const auto owned = std::make_shared<const Json>(std::move(value));
  Section section(*owned, std::move(where));
  section.owned_ = owned;
  return section;
}

Section::Section(const Section& whole, const Json& part, std::string where)
    : value_(&part), where_(std::move(where)), owned_(whole.owned_) {}

bool Section::has(const char* key) const {
  if (!value_->is_object()) return false;
  const auto found = value_->find(key);
  return found != value_->end() && !found->is_null();
}

Section Section::at(const char* key) const {
  expect_object();
  const auto found = value_->find(key);
  if (found == value_->end()) fail(fmt::format("\"{}\" is missing", key));
  return {*this, *found, fmt::format("{}, {}", where_, in_quotes(key))};
}

Section Section::at(std::size_t index) const {
  return {*this, expect_array().value_->at(index), fmt::format("{}, entry {}", where_, index + 1)};
}

std::size_t Section::size() const { return value_->size(); }

bool Section::flag(const char* key) const {
  const Section member = at(key);
  if (!member.value_->is_boolean()) member.fail_expecting("true or false");
  return member.value_->get<bool>();
}

bool Section::flag(const char* key, bool otherwise) const { return has(key) ? flag(key) : otherwise; }

std::string Section::string(const char* key) const {
  const Section member = at(key);
  if (!member.value_->is_string()) member.fail_expecting("a string");
  return member.value_->get<std::string>();
}

std::string Section::string(const char* key, std::string_view otherwise) const {
  return has(key) ? string(key) : std::string(otherwise);
}

std::vector<std::string> Section::strings(const char* key) const {
  const Section list = at(key).expect_array();
  std::vector<std::string> found;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Section entry = list.at(i);
    if (!entry.value_->is_string()) entry.fail_expecting("a string");
    found.push_back(entry.value_->get<std::string>());
  }
  return found;
}

std::uint64_t Section::number(const char* key) const {
  const Section member = at(key);
  const auto number = whole_number(*member.value_);
  if (!number) member.fail_expecting("a whole number");
  return *number;
}

std::int64_t Section::count(const char* key, std::int64_t least, std::int64_t most) const {
  const Section member = at(key);
  const Json& value = *member.value_;
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const bool fits = value.is_number_integer() &&
                    (!value.is_number_unsigned() || value.get<std::uint64_t>() <= kLargest) &&
                    value.get<std::int64_t>() >= least && value.get<std::int64_t>() <= most;
  if (!fits) member.fail_expecting(fmt::format("a whole number from {} to {}", least, most));
  return value.get<std::int64_t>();
}

double Section::real(const char* key, double least, double most) const {
  const Section member = at(key);
  const double number =
      member.value_->is_number() ? member.value_->get<double>() : std::numeric_limits<double>::quiet_NaN();
  if (!(number >= least && number <= most))
    member.fail_expecting(fmt::format("a number from {} to {}", least, most));
  return number;
}

std::int32_t Section::id(std::int32_t largest) const {
  const auto number = whole_number(*value_);
  if (!number || *number > static_cast<std::uint64_t>(largest))
    fail_expecting(fmt::format("a whole number from 0 to {}", largest));
  return static_cast<std::int32_t>(*number);
}

const Section& Section::expect_object() const {
  if (!value_->is_object()) fail_expecting("an object");
  return *this;
}

const Section& Section::expect_array() const {
  if (!value_->is_array()) fail_expecting("an array");
  return *this;
}

void Section::fail(std::string_view fault, std::string_view hint) const {
  throw InputError(fmt::format("{}: {}.", where_, fault), std::string(hint));
}

void Section::fail_expecting(std::string_view what, std::string_view hint) const {
  throw InputError(fmt::format("{} is {}, expected {}.", where_, shown(*value_), what), std::string(hint));
}

void check_format(const Section& root, int newest) {
  root.expect_object();
  if (!root.has("format")) refuse_older(root.where());
  check_number(root.count("format", 1, std::numeric_limits<std::int64_t>::max()), root.where(), newest);
}

Section read_own_json(const std::filesystem::path& path, int newest) {
  Section root = Section::owning(read_json(path), fmt::format("\"{}\"", path.string()));
  check_format(root, newest);
  return root;
}

void check_format(const std::map<std::string, std::string>& metadata, const std::filesystem::path& file,
                  int newest) {
  const std::string where = fmt::format("\"{}\"", file.string());
  const auto found = metadata.find(kFormatKey);
  if (found == metadata.end()) refuse_older(where);
  std::int64_t format = 0;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), format);
  if (error != std::errc() || end != text.data() + text.size() || format < 1) {
    throw InputError(
        fmt::format("{} has {} as its \"{}\", expected a number.", where, in_quotes(text), kFormatKey),
        "The file is damaged; train again.");
  }
  check_number(format, where, newest);
}

}  // namespace quire
