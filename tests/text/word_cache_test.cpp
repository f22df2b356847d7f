#include "text/word_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace quire::text {
namespace {

using Ids = std::vector<std::int32_t>;

// A key as it is read at the end of a buffer, or in the middle of one.
WordCache::Key key_at_end(const std::string& word) {
  return WordCache::key_of(word, word.data() + word.size());
}

TEST(WordCache, ReadsAKeyAlikeInTheMiddleAndAtTheEndOfABuffer) {
  const std::string text = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (std::size_t length = 0; length <= WordCache::kLongestWord; ++length) {
    const std::string_view word = std::string_view(text).substr(3, length);
    const WordCache::Key middle = WordCache::key_of(word, text.data() + text.size());
    const WordCache::Key end = key_at_end(std::string(word));
    EXPECT_EQ(middle.bytes, end.bytes);
    EXPECT_EQ(middle.hash, end.hash);
    EXPECT_EQ(middle.length, length);
  }
}

TEST(WordCache, FindsWhatWasPutInUntilItIsFull) {
  const WordCache cache;
  const auto ids_for = [](int i) { return Ids(static_cast<std::size_t>(i % 7), i); };
  int kept = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string word = "word" + std::to_string(i);
    const Ids ids = ids_for(i);
    cache.insert(key_at_end(word), ids);
    const WordCache::Found found = cache.find(key_at_end(word));
    if (found.ids == nullptr) continue;
    ++kept;
    ASSERT_EQ(Ids(found.ids, found.ids + found.count), ids);
  }
  EXPECT_GT(kept, 50'000);  // of 65,536 places
  EXPECT_LE(kept, 65'536);
  EXPECT_NE(cache.find(key_at_end("word0")).ids, nullptr);  // nothing is thrown out
}

TEST(WordCache, TellsWordsApartThatDifferInNulsOnly) {
  const WordCache cache;
  const std::string nul("a\0", 2);
  cache.insert(key_at_end("a"), Ids{1});
  EXPECT_EQ(cache.find(key_at_end(nul)).ids, nullptr);
  cache.insert(key_at_end(nul), Ids{2});
  EXPECT_EQ(*cache.find(key_at_end("a")).ids, 1);
  EXPECT_EQ(*cache.find(key_at_end(nul)).ids, 2);
}

TEST(WordCache, LeavesOutWhatDoesNotFit) {
  const WordCache cache;
  cache.insert(key_at_end("seven"), Ids(7, 1));
  EXPECT_EQ(cache.find(key_at_end("seven")).ids, nullptr);
  cache.insert(key_at_end("none"), Ids());
  EXPECT_NE(cache.find(key_at_end("none")).ids, nullptr);
  EXPECT_EQ(cache.find(key_at_end("none")).count, 0U);
}

}  // namespace
}  // namespace quire::text
