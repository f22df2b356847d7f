// Ids against those of the pinned `tokenizers`, written by tests/golden/make_tokenizer_golden.py.
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "quire/base/files.h"
#include "quire/base/utf8.h"
#include "quire/text/tokenizer.h"
#include "support.h"

namespace quire {
namespace {

using Json = nlohmann::json;
using Ids = std::vector<std::int32_t>;

Json read_json(const std::filesystem::path& path) { return Json::parse(read_file(path)); }

std::filesystem::path golden(const std::string& name) { return test::fixture("golden/tokenizer") / name; }

class TokenizerCases : public testing::TestWithParam<std::string> {};

TEST_P(TokenizerCases, AreEncodedLikeTheReference) {
  static const Json expected = read_json(golden("cases.json"));
  const auto tokenizer = load_tokenizer(golden(GetParam()));
  ASSERT_TRUE(expected.contains(GetParam()));
  for (const Json& entry : expected[GetParam()]) {
    std::optional<std::string> pair;
    if (!entry[1].is_null()) pair = entry[1].get<std::string>();
    const Encoding found = tokenizer->encode(entry[0].get<std::string>(), pair, entry[2].get<std::size_t>());
    ASSERT_EQ(found.ids, entry[3].get<Ids>()) << entry.dump();
    ASSERT_EQ(found.segments, entry[4].get<std::vector<std::uint8_t>>()) << entry.dump();
    ASSERT_EQ(found.ids.size(), found.segments.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, TokenizerCases,
                         testing::Values("wordpiece", "wordpiece-cased", "wordpiece-accents", "wordpiece-raw",
                                         "wordpiece-bare", "wordpiece-added", "wordpiece-no-prefix",
                                         "byte-level", "byte-level-prefix", "byte-level-unknown",
                                         "byte-level-fused", "byte-level-dropped", "byte-level-words",
                                         "byte-level-legacy", "vocab-txt", "vocab-txt-options",
                                         "vocab-txt-lacking", "merges-txt", "merges-txt-options"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

std::uint32_t crc32(std::span<const std::int32_t> numbers) {
  static const auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      table[i] = i;
      for (int bit = 0; bit < 8; ++bit) table[i] = (table[i] >> 1) ^ (0xEDB88320 & (0 - (table[i] & 1)));
    }
    return table;
  }();
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::int32_t number : numbers) {
    for (int shift = 0; shift < 32; shift += 8) {
      crc = (crc >> 8) ^ kTable[(crc ^ (static_cast<std::uint32_t>(number) >> shift)) & 0xFF];
    }
  }
  return ~crc;
}

// CONTEXTS of make_tokenizer_golden.py, joined by spaces.
std::string in_contexts(char32_t code_point) {
  std::string c;
  append_utf8(c, code_point);
  return c + " a" + c + "b a" + c + c + " A" + c + "\u0301\u0327x e\u0345" + c + "\u0334 " + c + "1";
}

// Under a sanitizer, which takes a hundred times as long, every 16th block has to do.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint32_t kBlocksToSkip = 15;
#else
constexpr std::uint32_t kBlocksToSkip = 0;
#endif

// The first code point of each block of 1024 whose ids are not the expected ones.
std::vector<std::uint32_t> differing_blocks(const Tokenizer& tokenizer, const std::string& name) {
  std::istringstream expected(read_json(golden("code_points.json"))[name].get<std::string>());
  std::vector<std::uint32_t> differing;
  Ids ids;
  Ids numbers;
  for (std::uint32_t start = 0; start < 0x110000; start += 1024) {
    if (start >= 0xD800 && start < 0xE000) continue;
    std::uint32_t checksum = 0;
    expected >> std::hex >> checksum;
    if (start / 1024 % (kBlocksToSkip + 1) != 0) continue;
    numbers.clear();
    for (std::uint32_t code_point = start; code_point < start + 1024; ++code_point) {
      ids.clear();
      tokenizer.encode_text(in_contexts(code_point), ids);
      numbers.push_back(static_cast<std::int32_t>(ids.size()));
      numbers.insert(numbers.end(), ids.begin(), ids.end());
    }
    if (crc32(numbers) != checksum) differing.push_back(start);
  }
  EXPECT_TRUE(expected.good() || expected.eof());
  return differing;
}

// As wide_vocabulary() of make_tokenizer_golden.py.
Json wide_vocabulary() {
  Json ids = {{"[PAD]", 0}, {"[UNK]", 1}, {"[CLS]", 2}, {"[SEP]", 3}, {"[MASK]", 4}};
  int next = 5;
  const std::array<std::pair<char32_t, char32_t>, 5> ranges{
      {{0x21, 0x3400}, {0x4E00, 0xA000}, {0xA640, 0xAC00}, {0xF900, 0xFFFE}, {0x10000, 0x20000}}};
  for (const auto& [first, end] : ranges) {
    for (char32_t code_point = first; code_point < end; ++code_point) {
      std::string character;
      append_utf8(character, code_point);
      ids[character] = next++;
      ids["##" + character] = next++;
    }
  }
  return ids;
}

std::vector<std::uint32_t> differing_wordpiece_blocks(const std::string& name, const Json& options) {
  const test::TemporaryDirectory directory;
  Json document = read_json(golden("wordpiece/tokenizer.json"));
  document["model"]["vocab"] = wide_vocabulary();
  document["normalizer"].update(options);
  std::ofstream(directory / "tokenizer.json") << document.dump();
  return differing_blocks(*load_tokenizer(directory.path()), name);
}

TEST(TokenizerCodePoints, AreEncodedLikeTheReferenceByUncasedWordPiece) {
  EXPECT_EQ(differing_wordpiece_blocks("uncased", Json::object()), std::vector<std::uint32_t>());
}

TEST(TokenizerCodePoints, AreEncodedLikeTheReferenceByCasedWordPiece) {
  EXPECT_EQ(differing_wordpiece_blocks("cased", {{"lowercase", false}}), std::vector<std::uint32_t>());
}

TEST(TokenizerCodePoints, AreEncodedLikeTheReferenceWithAccentsKept) {
  EXPECT_EQ(differing_wordpiece_blocks("accents", {{"strip_accents", false}}), std::vector<std::uint32_t>());
}

TEST(TokenizerCodePoints, AreEncodedLikeTheReferenceWithoutCleanUp) {
  EXPECT_EQ(differing_wordpiece_blocks("raw", {{"clean_text", false}, {"handle_chinese_chars", false}}),
            std::vector<std::uint32_t>());
}

TEST(TokenizerCodePoints, AreEncodedLikeTheReferenceByByteLevelBpe) {
  EXPECT_EQ(differing_blocks(*load_tokenizer(golden("byte-level")), "byte-level"),
            std::vector<std::uint32_t>());
}

// Published cases for the published vocabularies, where these are at hand.
void expect_published_cases(const std::string& family) {
  const std::filesystem::path path = test::shared("tokenizers/hf_reference_cases.json");
  if (!std::filesystem::exists(path)) QUIRE_SKIP("shared data", path.string());
  const auto tokenizer = load_tokenizer(test::shared("tokenizers/" + family));
  std::size_t compared = 0;
  for (const Json& group : read_json(path)) {
    if (!group["tokenizer"].get<std::string>().starts_with(family)) continue;
    for (const auto& [name, entry] : group["cases"].items()) {
      std::optional<std::string> pair;
      if (entry.contains("text_pair") && entry["text_pair"].is_string())
        pair = entry["text_pair"].get<std::string>();
      EXPECT_EQ(tokenizer->encode(entry["text"].get<std::string>(), pair).ids, entry["ids"].get<Ids>())
          << name;
      ++compared;
    }
  }
  EXPECT_GT(compared, 10U);
}

TEST(TokenizerPublished, BertCasesHold) { expect_published_cases("bert-base-uncased"); }
TEST(TokenizerPublished, RobertaCasesHold) { expect_published_cases("roberta-base"); }

}  // namespace
}  // namespace quire
