// JSON out of files that anybody may have written: read with errors that say where the fault is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quire {

using Json = nlohmann::json;
// Keeps its keys in their order, and searches them one by one: for what is written, not for what is read.
using OrderedJson = nlohmann::ordered_json;

// `text` in double quotes for a message: cut when long, control characters escaped, invalid UTF-8
// replaced. Names out of a hostile file pass through here.
[[nodiscard]] std::string in_quotes(std::string_view text);

// A value as its JSON text, cut likewise.
[[nodiscard]] std::string shown(const Json& value);

// On one line, whatever bytes its strings hold.
[[nodiscard]] std::string compact_text(const Json& value);

// `text` as JSON; InputError with file, line and reason when it is not, or nested more than 100 deep: JSON
// is copied, compared and written by recursion, so no file may choose how deep. `line` is where `text`
// begins in its file.
[[nodiscard]] Json parse_json(std::string_view text, const std::filesystem::path& file, std::size_t line = 1);
[[nodiscard]] OrderedJson parse_ordered_json(std::string_view text, const std::filesystem::path& file);

// The same of a whole file. Missing files: nothing.
[[nodiscard]] Json read_json(const std::filesystem::path& path);
[[nodiscard]] std::optional<Json> read_json_if_present(const std::filesystem::path& path);

// What nlohmann's message says beyond its own bookkeeping, and never a stray byte of the file.
[[nodiscard]] std::string reason_of(const std::exception& error);

// The value if it is an integer that is not negative.
[[nodiscard]] std::optional<std::uint64_t> whole_number(const Json& value);

// A part of a JSON file and its name ("PATH", "normalizer"). What has the wrong type or is missing is an
// InputError that names it. A key that is absent or null takes the value in `otherwise`, where there is one.
class Section {
 public:
  Section(const Json& value, std::string where) : value_(&value), where_(std::move(where)) {}
  // Of a value that lives as long as its sections do.
  static Section owning(Json value, std::string where);

  [[nodiscard]] const Json& value() const noexcept { return *value_; }
  [[nodiscard]] const std::string& where() const noexcept { return where_; }

  // Is there a member `key` that is not null?
  [[nodiscard]] bool has(const char* key) const;
  [[nodiscard]] Section at(const char* key) const;
  [[nodiscard]] Section at(std::size_t index) const;
  [[nodiscard]] std::size_t size() const;

  [[nodiscard]] bool flag(const char* key) const;
  [[nodiscard]] bool flag(const char* key, bool otherwise) const;
  [[nodiscard]] std::string string(const char* key) const;
  [[nodiscard]] std::string string(const char* key, std::string_view otherwise) const;
  [[nodiscard]] std::vector<std::string> strings(const char* key) const;
  [[nodiscard]] std::uint64_t number(const char* key) const;
  // A whole number from `least` to `most`.
  [[nodiscard]] std::int64_t count(const char* key, std::int64_t least, std::int64_t most) const;
  // A number from `least` up to and including `most`.
  [[nodiscard]] double real(const char* key, double least, double most) const;
  // The section itself as an id of a token or segment: at most `largest`.
  [[nodiscard]] std::int32_t id(std::int32_t largest) const;

  const Section& expect_object() const;
  const Section& expect_array() const;
  // "WHERE: FAULT."
  [[noreturn]] void fail(std::string_view fault, std::string_view hint = {}) const;
  // "WHERE is VALUE, expected WHAT."
  [[noreturn]] void fail_expecting(std::string_view what, std::string_view hint = {}) const;

 private:
  Section(const Section& whole, const Json& part, std::string where);

  const Json* value_;
  std::string where_;
  std::shared_ptr<const Json> owned_;
};

// Files of ours have a number, "format", that grows when their meaning changes. Throws InputError for one
// that is newer than `newest`, and for one without: those are older than the first.
void check_format(const Section& root, int newest);
// A whole JSON file of ours, so checked.
[[nodiscard]] Section read_own_json(const std::filesystem::path& path, int newest);
// The same of the metadata of a safetensors file, under "quire_format".
inline constexpr const char* kFormatKey = "quire_format";
void check_format(const std::map<std::string, std::string>& metadata, const std::filesystem::path& file,
                  int newest);

}  // namespace quire
