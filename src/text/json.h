// JSON files out of a model's directory, read with errors that say where the fault is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace quire::text {

using Json = nlohmann::json;

// `text` between double quotes, fit for a message: cut when long, without control characters.
[[nodiscard]] std::string in_quotes(std::string_view text);

// The file as JSON; InputError with file and line when it is not. Missing files: nothing.
[[nodiscard]] Json read_json(const std::filesystem::path& path);
[[nodiscard]] std::optional<Json> read_json_if_present(const std::filesystem::path& path);

// The value if it is an integer that is not negative.
[[nodiscard]] std::optional<std::uint64_t> whole_number(const Json& value);

// A part of a JSON file and its name ("PATH: \"normalizer\""). What has the wrong type or is
// missing is an InputError that names it.
class Section {
 public:
  Section(const Json& value, std::string where) : value_(&value), where_(std::move(where)) {}

  [[nodiscard]] const Json& value() const noexcept { return *value_; }
  [[nodiscard]] const std::string& where() const noexcept { return where_; }

  // Is there a member `key` that is not null?
  [[nodiscard]] bool has(const char* key) const;
  [[nodiscard]] Section at(const char* key) const;
  [[nodiscard]] Section at(std::size_t index) const;

  [[nodiscard]] bool flag(const char* key) const;
  [[nodiscard]] bool flag(const char* key, bool otherwise) const;
  [[nodiscard]] std::string string(const char* key) const;
  [[nodiscard]] std::string string(const char* key, std::string_view otherwise) const;
  [[nodiscard]] std::uint64_t number(const char* key) const;
  // The section itself as an id of a token or segment: at most `largest`.
  [[nodiscard]] std::int32_t id(std::int32_t largest) const;

  const Section& expect_object() const;
  const Section& expect_array() const;
  [[noreturn]] void fail(std::string_view fault, std::string_view hint = {}) const;

 private:
  const Json* value_;
  std::string where_;
};

}  // namespace quire::text
