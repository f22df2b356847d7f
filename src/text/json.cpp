#include "text/json.h"

#include <fmt/format.h>

#include <algorithm>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/utf8.h"

namespace quire::text {
namespace {

// JSON is written, copied and compared by recursion: a hostile file must not choose how deep.
constexpr int kDeepest = 100;

bool is_too_deep(std::string_view text) {
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
      if (++depth > kDeepest) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  std::string shown(text.substr(0, kLongest));
  if (text.size() > kLongest) shown += "...";
  repair_utf8(shown);
  std::ranges::replace_if(
      shown, [](char byte) { return static_cast<unsigned char>(byte) < 0x20; }, ' ');
  return '"' + shown + '"';
}

Json read_json(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  if (is_too_deep(text)) {
    throw InputError(fmt::format("\"{}\" is nested more than {} deep.", path.string(), kDeepest),
                     "The file is damaged; fetch it again.");
  }
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(error.byte, text.size()));
    throw InputError(
        fmt::format("{}:{}: this is not JSON.", path.string(), 1 + std::count(text.begin(), end, '\n')),
        "The file is damaged or cut short; fetch it again.");
  } catch (const Json::exception&) {
    throw InputError(fmt::format("\"{}\" holds JSON that cannot be read.", path.string()),
                     "The file is damaged; fetch it again.");
  }
}

std::optional<Json> read_json_if_present(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return {};
  return read_json(path);
}

std::optional<std::uint64_t> whole_number(const Json& value) {
  if (!value.is_number_integer()) return {};
  if (!value.is_number_unsigned() && value.get<std::int64_t>() < 0) return {};
  return value.get<std::uint64_t>();
}

bool Section::has(const char* key) const {
  if (!value_->is_object()) return false;
  const auto found = value_->find(key);
  return found != value_->end() && !found->is_null();
}

Section Section::at(const char* key) const {
  expect_object();
  const auto found = value_->find(key);
  if (found == value_->end()) fail(fmt::format("\"{}\" is missing", key));
  return {*found, fmt::format("{}, \"{}\"", where_, key)};
}

Section Section::at(std::size_t index) const {
  return {expect_array().value_->at(index), fmt::format("{}, entry {}", where_, index + 1)};
}

bool Section::flag(const char* key) const {
  const Section member = at(key);
  if (!member.value_->is_boolean()) member.fail("true or false is expected");
  return member.value_->get<bool>();
}

bool Section::flag(const char* key, bool otherwise) const { return has(key) ? flag(key) : otherwise; }

std::string Section::string(const char* key) const {
  const Section member = at(key);
  if (!member.value_->is_string()) member.fail("a string is expected");
  return member.value_->get<std::string>();
}

std::string Section::string(const char* key, std::string_view otherwise) const {
  return has(key) ? string(key) : std::string(otherwise);
}

std::uint64_t Section::number(const char* key) const {
  const Section member = at(key);
  const auto number = whole_number(*member.value_);
  if (!number) member.fail("a whole number is expected");
  return *number;
}

std::int32_t Section::id(std::int32_t largest) const {
  const auto number = whole_number(*value_);
  if (!number || *number > static_cast<std::uint64_t>(largest)) {
    fail(fmt::format("a whole number from 0 to {} is expected", largest));
  }
  return static_cast<std::int32_t>(*number);
}

const Section& Section::expect_object() const {
  if (!value_->is_object()) fail("an object is expected");
  return *this;
}

const Section& Section::expect_array() const {
  if (!value_->is_array()) fail("an array is expected");
  return *this;
}

void Section::fail(std::string_view fault, std::string_view hint) const {
  const std::string shown =
      value_->is_structured() ? "" : value_->dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::string found = value_->is_structured() ? "" : fmt::format(", not {}", in_quotes(shown));
  throw InputError(fmt::format("{}: {}{}.", where_, fault, found), std::string(hint));
}

}  // namespace quire::text
