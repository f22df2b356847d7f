#include "quire/text/near_duplicates.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "quire/base/error.h"
#include "quire/base/random.h"
#include "support.h"

namespace quire::test {
namespace {

NearDuplicates find(const std::vector<std::string>& texts, const NearDuplicateOptions& options = {},
                    int threads = 1) {
  NearDuplicateFinder finder(options);
  for (const std::string& text : texts) finder.add(text);
  Context context;
  context.threads = threads;
  return finder.find(context);
}

TEST(NearDuplicates, CountSetsOfShinglesByHand) {
  // Shingles of 2 words: {a b, b c, c d} and {a b, b c, c e}, two of four; a repeated one counts once.
  const NearDuplicates found =
      find({"a b c d", "A, b: c e", "a b a b a b", "x"}, {.threshold = 0.5, .words = 2});
  ASSERT_EQ(found.pairs.size(), 1);
  EXPECT_EQ(found.pairs[0].first, 0);
  EXPECT_EQ(found.pairs[0].second, 1);
  EXPECT_DOUBLE_EQ(found.pairs[0].similarity, 0.5);
  EXPECT_EQ(found.group, (std::vector<std::int64_t>{0, 0, 2, 3}));
}

TEST(NearDuplicates, OfTheSameWordsHaveSimilarityOne) {
  for (const double threshold : {0.3, 0.8, 1.0}) {
    const NearDuplicates found =
        find({"one two three four", "else", "One  two (three) FOUR", "one two three four"},
             {.threshold = threshold});
    ASSERT_EQ(found.pairs.size(), 2);
    EXPECT_EQ(found.pairs[0].second, 2);
    EXPECT_EQ(found.pairs[1].first, 0);
    EXPECT_EQ(found.pairs[1].second, 3);
    EXPECT_EQ(found.pairs[1].similarity, 1);
    EXPECT_EQ(found.group, (std::vector<std::int64_t>{0, 1, 0, 0}));
  }
}

TEST(NearDuplicates, TakeShortAndEmptyTexts) {
  const NearDuplicates found = find({"", "word", "...", "Word!", "two words", "\xC3\xA9t\xC3\xA9"});
  ASSERT_EQ(found.pairs.size(), 1);
  EXPECT_EQ(found.pairs[0].first, 1);
  EXPECT_EQ(found.pairs[0].second, 3);
  EXPECT_TRUE(find({}).pairs.empty());
}

// Texts of 60 words, and copies with some of them changed: every pair above the threshold that counting all
// pairs finds, and no other.
TEST(NearDuplicates, AreThoseThatCountingAllPairsFinds) {
  Random random(11, Purpose::test);
  std::vector<std::vector<int>> texts;
  for (int i = 0; i < 300; ++i) {
    std::vector<int> words(60);
    if (i % 3 == 0) {
      for (int& word : words) word = static_cast<int>(random.below(500));
    } else {
      words = texts[static_cast<std::size_t>(i - 1)];
      for (std::uint32_t change = random.below(6); change > 0; --change) words[random.below(60)] = 1000 + i;
    }
    texts.push_back(words);
  }
  std::vector<std::string> strings;
  std::vector<std::set<std::vector<int>>> shingles;
  for (const auto& words : texts) {
    std::string text;
    std::set<std::vector<int>> own;
    for (std::size_t i = 0; i < words.size(); ++i) {
      text += "w" + std::to_string(words[i]) + " ";
      if (i >= 2) own.insert({words[i - 2], words[i - 1], words[i]});
    }
    strings.push_back(text);
    shingles.push_back(own);
  }
  std::set<std::pair<std::int64_t, std::int64_t>> expected;
  for (std::size_t a = 0; a < shingles.size(); ++a) {
    for (std::size_t b = a + 1; b < shingles.size(); ++b) {
      std::size_t common = 0;
      for (const auto& one : shingles[a]) common += shingles[b].count(one);
      const auto all = static_cast<double>(shingles[a].size() + shingles[b].size() - common);
      const double similarity = static_cast<double>(common) / all;
      if (similarity >= 0.8 && similarity < 1) expected.emplace(a, b);
    }
  }
  ASSERT_GT(expected.size(), 30);
  std::set<std::pair<std::int64_t, std::int64_t>> found;
  const NearDuplicates result = find(strings);
  for (const auto& pair : result.pairs) {
    // Copies without a change stand in for each other.
    if (pair.similarity < 1) found.emplace(pair.first, pair.second);
    EXPECT_EQ(result.group[static_cast<std::size_t>(pair.first)],
              result.group[static_cast<std::size_t>(pair.second)]);
  }
  for (const auto& pair : found) EXPECT_TRUE(expected.count(pair) == 1) << pair.first << ' ' << pair.second;
  for (const auto& [a, b] : expected) {
    EXPECT_EQ(result.group[static_cast<std::size_t>(a)], result.group[static_cast<std::size_t>(b)])
        << a << ' ' << b;
  }
  const NearDuplicates again = find(strings, {}, 3);
  ASSERT_EQ(again.pairs.size(), result.pairs.size());
  for (std::size_t i = 0; i < again.pairs.size(); ++i)
    EXPECT_EQ(again.pairs[i].second, result.pairs[i].second);
}

TEST(NearDuplicates, RefuseAThresholdThatIsNoSimilarity) {
  EXPECT_ERROR(NearDuplicateFinder({.threshold = 0}), InputError, "the threshold of near duplicates is 0");
  EXPECT_ERROR(NearDuplicateFinder({.threshold = 80}), InputError, "is 80");
  EXPECT_ERROR(NearDuplicateFinder({.words = 0}), InputError, "a shingle of 0 words");
}

}  // namespace
}  // namespace quire::test
