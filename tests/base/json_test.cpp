#include "quire/base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "support.h"

namespace quire {
namespace {

TEST(Json, NamesTheLineAndTheFault) {
  EXPECT_ERROR((void)parse_json("{\n\"a\": 1 2}", "a.json"), InputError, "a.json:2: this is not JSON: ");
  EXPECT_ERROR((void)parse_json("", "a.json"), InputError, "a.json:1: this is not JSON");
  EXPECT_ERROR((void)parse_json("[", "a.json", 7), InputError, "a.json:7: this is not JSON");
  EXPECT_ERROR((void)parse_ordered_json("{\"a\": \"\xFF\"}", "a.json"), InputError,
               "a.json:1: this is not JSON");
  EXPECT_ERROR((void)read_json("no-such.json"), InputError, "no-such.json");
  EXPECT_FALSE(read_json_if_present("no-such.json").has_value());
}

// Copies and dumps call themselves for each level.
TEST(Json, RefusesToNestDeeply) {
  const std::string deep = "{\n\"a\": " + std::string(200'000, '[') + std::string(200'000, ']') + "}";
  EXPECT_ERROR((void)parse_json(deep, "a.json"), InputError,
               "a.json:2: the JSON is nested more than 100 deep");
  EXPECT_ERROR((void)parse_ordered_json(deep, "a.json"), InputError, "nested more than 100 deep");
  EXPECT_ERROR((void)parse_json(std::string(1'000'000, '{'), "a.json"), InputError, "nested");
  const std::string flat = "[" + std::string(100'000, ' ') + "\"" + std::string(5000, '[') + R"(\"[[")" + "]";
  EXPECT_EQ(parse_json(flat, "a.json").size(), 1U);
  EXPECT_EQ(parse_json(std::string(100, '[') + std::string(100, ']'), "a.json").size(), 1U);
}

TEST(Json, ShowsHostileTextInOneShortLine) {
  EXPECT_EQ(in_quotes("a\nb\x7F"), R"("a\x0ab\x7f")");
  EXPECT_EQ(in_quotes("\xFF"), "\"\uFFFD\"");
  EXPECT_EQ(in_quotes(std::string(99, 'a') + "\u00e9"), "\"" + std::string(99, 'a') + "...\"");
  EXPECT_EQ(shown(Json::array({1, "a"})), R"([1,"a"])");
}

TEST(Section, NamesWhatIsMissingOrOfTheWrongType) {
  const Json json = Json::parse(R"({"a": {"b": [1, "x", null]}, "n": null, "f": 1.5, "t": true})");
  const Section root(json, "\"a.json\"");
  EXPECT_TRUE(root.has("a"));
  EXPECT_FALSE(root.has("n"));
  EXPECT_FALSE(root.has("z"));
  EXPECT_EQ(root.string("n", "other"), "other");
  EXPECT_TRUE(root.flag("t"));
  EXPECT_EQ(root.real("f", 0, 2), 1.5);
  EXPECT_ERROR((void)root.at("z"), InputError, "\"a.json\": \"z\" is missing");
  EXPECT_ERROR((void)root.string("t"), InputError, "\"a.json\", \"t\" is true, expected a string");
  EXPECT_ERROR((void)root.flag("f"), InputError, "\"f\" is 1.5, expected true or false");
  EXPECT_ERROR((void)root.count("f", 1, 9), InputError, "\"f\" is 1.5, expected a whole number from 1 to 9");
  EXPECT_ERROR((void)root.real("f", 2, 3), InputError, "\"f\" is 1.5, expected a number from 2 to 3");
  EXPECT_ERROR((void)root.at("a").strings("b"), InputError,
               "\"a.json\", \"a\", \"b\", entry 1 is 1, expected a string");
  EXPECT_ERROR((void)root.at("a").at("b").at(std::size_t{1}).id(5), InputError,
               "entry 2 is \"x\", expected a whole number from 0 to 5");
  EXPECT_ERROR((void)root.at("a").expect_array(), InputError, "expected an array");
  EXPECT_ERROR((void)Section(json["f"], "\"f\"").at("a"), InputError, "\"f\" is 1.5, expected an object");
}

TEST(Section, MayOwnItsValue) {
  const auto part = [] { return Section::owning(Json::parse(R"({"a": {"b": "c"}})"), "it").at("a"); }();
  EXPECT_EQ(part.string("b"), "c");
}

void check_number(const std::string& text, int newest) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "own.json", text);
  (void)read_own_json(directory / "own.json", newest);
}

TEST(Format, OfAnotherQuireIsRefusedByItsNumber) {
  check_number(R"({"format": 1})", 1);
  check_number(R"({"format": 1})", 2);
  EXPECT_ERROR(check_number(R"({"format": 2})", 1), InputError,
               "own.json\" was written by a newer Quire (format 2); this one reads up to 1.");
  EXPECT_ERROR(check_number(R"({"a": 1})", 1), InputError,
               "own.json\" has no number of its format: an older Quire wrote it.");
  EXPECT_ERROR(check_number(R"({"format": "1"})", 1), InputError,
               "\"format\" is \"1\", expected a whole number");
  EXPECT_ERROR(check_number(R"({"format": 0})", 1), InputError, "\"format\" is 0, expected a whole number");
  EXPECT_ERROR(check_number("[]", 1), InputError, "is [], expected an object");

  check_format({{kFormatKey, "1"}}, "x.safetensors", 1);
  EXPECT_ERROR(check_format({{kFormatKey, "2"}}, "x.safetensors", 1), InputError, "newer Quire (format 2)");
  EXPECT_ERROR(check_format({{"format", "pt"}}, "x.safetensors", 1), InputError, "an older Quire wrote it");
  EXPECT_ERROR(check_format({{kFormatKey, "1x"}}, "x.safetensors", 1), InputError, "expected a number");
}

}  // namespace
}  // namespace quire
