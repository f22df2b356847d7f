#include "quire/text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "support.h"

namespace quire {
namespace {

using Json = nlohmann::json;
using Ids = std::vector<std::int32_t>;
using testing::ElementsAre;

std::filesystem::path golden(const std::string& name) { return test::fixture("golden/tokenizer") / name; }

std::unique_ptr<Tokenizer> load(const std::string& name) { return load_tokenizer(golden(name)); }

Ids ids_of(const Tokenizer& tokenizer, std::string_view text) {
  Ids ids;
  tokenizer.encode_text(text, ids);
  return ids;
}

Ids count_to(std::int32_t first, std::size_t count) {
  Ids ids(count);
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

TEST(Tokenizer, NamesItsSpecialTokens) {
  const auto bert = load("wordpiece");
  EXPECT_EQ(bert->special().pad, 0);
  EXPECT_EQ(bert->special().unk, 1);
  EXPECT_EQ(bert->special().cls, 2);
  EXPECT_EQ(bert->special().sep, 3);
  EXPECT_EQ(bert->special().mask, 4);
  EXPECT_EQ(bert->special_tokens_in_single(), 2U);
  EXPECT_EQ(bert->special_tokens_in_pair(), 3U);
  const auto roberta = load("byte-level");
  EXPECT_EQ(roberta->special().cls, 0);
  EXPECT_EQ(roberta->special().pad, 1);
  EXPECT_EQ(roberta->special().sep, 2);
  EXPECT_EQ(roberta->special().unk, 3);
  EXPECT_EQ(roberta->special().mask, roberta->id_of("<mask>"));
  EXPECT_EQ(roberta->special_tokens_in_single(), 2U);
  EXPECT_EQ(roberta->special_tokens_in_pair(), 4U);
}

TEST(Tokenizer, FindsTokensAndIdsBothWays) {
  for (const char* name : {"wordpiece-added", "byte-level"}) {
    const auto tokenizer = load(name);
    std::size_t tokens = 0;
    for (std::int32_t id = 0; id < static_cast<std::int32_t>(tokenizer->vocabulary_size()); ++id) {
      const std::string_view token = tokenizer->token_of(id);
      if (!token.empty() && tokenizer->id_of(token) == id) ++tokens;
    }
    EXPECT_EQ(tokens, tokenizer->vocabulary_size()) << name;
    EXPECT_EQ(tokenizer->token_of(-1), "");
    EXPECT_EQ(tokenizer->token_of(1 << 30), "");
    EXPECT_EQ(tokenizer->id_of("no such token"), std::nullopt);
  }
}

TEST(Tokenizer, CountsAddedTokensInItsVocabulary) {
  // Ten are added, of which five are in the vocabulary anyway.
  EXPECT_EQ(load("wordpiece-added")->vocabulary_size(), load("wordpiece")->vocabulary_size() + 5);
  EXPECT_TRUE(load("wordpiece")->is_special(4));
  EXPECT_FALSE(load("wordpiece")->is_special(5));
  const auto added = load("wordpiece-added");
  EXPECT_FALSE(added->is_special(added->id_of("Word").value()));
}

TEST(Tokenizer, AppendsToWhatIsThere) {
  const auto tokenizer = load("wordpiece");
  Ids ids{7, 8};
  tokenizer->encode_text("the training", ids);
  Ids expected{7, 8};
  const Ids text = ids_of(*tokenizer, "the training");
  expected.insert(expected.end(), text.begin(), text.end());
  EXPECT_EQ(ids, expected);
}

TEST(Tokenizer, EncodesAsItAssembles) {
  for (const char* name : {"wordpiece", "byte-level"}) {
    const auto tokenizer = load(name);
    const Ids text = ids_of(*tokenizer, "the training of deep networks");
    const Ids pair = ids_of(*tokenizer, "the authors re-trained 1234 models");
    for (std::size_t length = 5; length < 40; ++length) {
      const Encoding whole =
          tokenizer->encode("the training of deep networks", "the authors re-trained 1234 models", length);
      const Encoding parts = tokenizer->assemble(text, pair, length);
      EXPECT_EQ(whole.ids, parts.ids);
      EXPECT_EQ(whole.segments, parts.segments);
      EXPECT_EQ(whole.truncated, parts.truncated);
      EXPECT_EQ(whole.truncated, text.size() + pair.size() + tokenizer->special_tokens_in_pair() > length);
      EXPECT_EQ(whole.ids.size(),
                std::min(length, text.size() + pair.size() + tokenizer->special_tokens_in_pair()));
    }
  }
}

TEST(Tokenizer, ShortensTheTextThatIsNamed) {
  const auto tokenizer = load("wordpiece");
  const Ids text = count_to(10, 5);
  const Ids pair = count_to(20, 4);
  EXPECT_THAT(tokenizer->assemble(text, pair, 9, Truncation::only_first).ids,
              ElementsAre(2, 10, 11, 3, 20, 21, 22, 23, 3));
  EXPECT_THAT(tokenizer->assemble(text, pair, 9, Truncation::only_second).ids,
              ElementsAre(2, 10, 11, 12, 13, 14, 3, 20, 3));
  EXPECT_THAT(tokenizer->assemble(text, pair, 9).ids, ElementsAre(2, 10, 11, 12, 3, 20, 21, 22, 3));
  EXPECT_THAT(tokenizer->assemble(text, pair, 9).segments, ElementsAre(0, 0, 0, 0, 0, 1, 1, 1, 1));
  EXPECT_ERROR((void)tokenizer->assemble(text, pair, 7, Truncation::only_first), InputError,
               "The first text has 5 tokens and would have to give up 5");
  EXPECT_ERROR((void)tokenizer->assemble(text, pair, 8, Truncation::only_second), InputError,
               "The second text has 4 tokens");
  EXPECT_ERROR((void)tokenizer->assemble(text, {}, 4, Truncation::only_second), InputError,
               "second text has 0");
}

TEST(Tokenizer, NeedsRoomForItsSpecialTokens) {
  const auto tokenizer = load("wordpiece");
  EXPECT_THAT(tokenizer->encode("the", {}, 2).ids, ElementsAre(2, 3));
  EXPECT_TRUE(tokenizer->encode("the", {}, 2).truncated);
  EXPECT_FALSE(tokenizer->encode("", {}, 2).truncated);
  EXPECT_ERROR((void)tokenizer->encode("the", {}, 1), InputError, "A length of 1 leaves no room");
  EXPECT_ERROR((void)tokenizer->encode("the", "of", 2), InputError, "3 special tokens are added to a pair");
}

TEST(Tokenizer, ReadsIllFormedTextAsReplacementCharacters) {
  const std::vector<std::pair<std::string, std::string>> texts{
      {"a\xFF"
       "b",
       "a\uFFFDb"},
      {"the\xE4\xB8", "the\uFFFD"},
      {"\xC0\x80 \xED\xA0\x80", "\uFFFD\uFFFD \uFFFD\uFFFD\uFFFD"},
      {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"}};
  for (const char* name : {"wordpiece", "wordpiece-raw", "byte-level"}) {
    const auto tokenizer = load(name);
    for (const auto& [text, repaired] : texts)
      EXPECT_EQ(ids_of(*tokenizer, text), ids_of(*tokenizer, repaired));
  }
}

// The word cache must not show: neither what was seen before nor another thread changes an id.
TEST(Tokenizer, GivesTheSameIdsToAllThreads) {
  std::vector<std::string> texts;
  for (int i = 0; i < 4000; ++i) {
    texts.push_back("word" + std::to_string(i % 1500) + "s the" +
                    std::string(static_cast<std::size_t>(i % 37), 'x') + " caf\u00e9" +
                    std::to_string(i % 11) + ", \u4e2d\u6587 isn't");
  }
  for (const char* name : {"wordpiece", "byte-level"}) {
    std::vector<Ids> expected;
    const auto alone = load(name);
    for (const std::string& text : texts) expected.push_back(ids_of(*alone, text));
    const auto shared = load(name);
    std::vector<std::thread> threads;
    std::array<int, 4> differences{};
    for (std::size_t t = 0; t < differences.size(); ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t i = 0; i < texts.size(); ++i) {
          const std::size_t index = (i * (2 * t + 1)) % texts.size();
          differences[t] += ids_of(*shared, texts[index]) != expected[index];
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_THAT(differences, testing::Each(0)) << name;
  }
}

TEST(Tokenizer, ReadsLongTextsInOneGo) {
  for (const char* name : {"wordpiece", "byte-level"}) {
    const auto tokenizer = load(name);
    std::string text;
    Ids expected;
    const Ids once = ids_of(*tokenizer, " the tokenization, of unaffordable words!");
    for (int i = 0; i < 3000; ++i) {
      text += " the tokenization, of unaffordable words!";
      expected.insert(expected.end(), once.begin(), once.end());
    }
    EXPECT_EQ(ids_of(*tokenizer, text), expected) << name;
  }
}

// A word of a megabyte takes time in proportion, not to its square.
TEST(Tokenizer, SurvivesAVeryLongWord) {
  const std::string word(1 << 20, 'a');
  EXPECT_THAT(ids_of(*load("wordpiece"), word), ElementsAre(1));
  EXPECT_FALSE(ids_of(*load("byte-level"), word).empty());
  EXPECT_FALSE(ids_of(*load("wordpiece-bare"), std::string(1 << 20, ' ')).size() > 0);
  EXPECT_FALSE(ids_of(*load("byte-level"), std::string(1 << 20, ' ')).empty());
}

TEST(Tokenizer, IgnoresTruncationAndPaddingOfTheFile) {
  const Json document = Json::parse(read_file(golden("wordpiece/tokenizer.json")));
  ASSERT_EQ(document["truncation"]["max_length"], 4);
  ASSERT_EQ(document["padding"]["strategy"]["Fixed"], 8);
  EXPECT_GT(load("wordpiece")->encode("the training of deep networks").ids.size(), 4U);
  EXPECT_EQ(load("wordpiece")->encode("").ids.size(), 2U);
}

class SavedTokenizer : public testing::TestWithParam<std::string> {};

TEST_P(SavedTokenizer, ReadsTheSameIds) {
  const Json expected = Json::parse(read_file(golden("cases.json")))[GetParam()];
  const test::TemporaryDirectory directory;
  load(GetParam())->save(directory / "all");
  EXPECT_TRUE(std::filesystem::exists(directory / "all/tokenizer.json"));
  const Json document = Json::parse(read_file(directory / "all/tokenizer.json"));
  EXPECT_TRUE(document["truncation"].is_null() && document["padding"].is_null());
  const auto first = load(GetParam());
  const auto second = load_tokenizer(directory / "all");
  EXPECT_EQ(second->vocabulary_size(), first->vocabulary_size());
  EXPECT_EQ(second->special().mask, first->special().mask);
  EXPECT_EQ(second->special().cls, first->special().cls);
  for (const Json& entry : expected) {
    std::optional<std::string> pair;
    if (!entry[1].is_null()) pair = entry[1].get<std::string>();
    const Encoding found = second->encode(entry[0].get<std::string>(), pair, entry[2].get<std::size_t>());
    ASSERT_EQ(found.ids, entry[3].get<Ids>()) << entry.dump();
    ASSERT_EQ(found.segments, entry[4].get<std::vector<std::uint8_t>>()) << entry.dump();
  }
  second->save(directory / "again");
  // The class that is written beside it may say the same in other words, once.
  load_tokenizer(directory / "again")->save(directory / "third");
  EXPECT_EQ(read_file(directory / "third/tokenizer.json"), read_file(directory / "again/tokenizer.json"));
}

INSTANTIATE_TEST_SUITE_P(Golden, SavedTokenizer,
                         testing::Values("wordpiece", "wordpiece-cased", "wordpiece-raw", "wordpiece-bare",
                                         "wordpiece-added", "byte-level", "byte-level-prefix",
                                         "byte-level-unknown", "byte-level-words", "vocab-txt-options",
                                         "vocab-txt-lacking", "merges-txt-options"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// Without tokenizer.json a saved directory says the same in its older files.
TEST(SavedTokenizer, IsCompleteWithoutTokenizerJson) {
  for (const char* name :
       {"wordpiece", "wordpiece-cased", "wordpiece-accents", "byte-level", "vocab-txt-options"}) {
    const test::TemporaryDirectory directory;
    const auto first = load(name);
    first->save(directory.path());
    std::filesystem::remove(directory / "tokenizer.json");
    const auto second = load_tokenizer(directory.path());
    const std::string text =
        "The \u00dcnbelievable [MASK] tokenization isn't <mask>, \u4e2d\u6587 caf\u00e9 Word";
    EXPECT_EQ(first->encode(text, "the pair").ids, second->encode(text, "the pair").ids) << name;
    EXPECT_EQ(first->encode(text, "the pair").segments, second->encode(text, "the pair").segments) << name;
  }
}

}  // namespace
}  // namespace quire
