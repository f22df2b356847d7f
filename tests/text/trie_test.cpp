#include "text/trie.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "quire/base/random.h"

namespace quire::text {
namespace {

// Strings over few different bytes, so that many share beginnings.
std::map<std::string, std::int32_t> random_strings(Random& random, std::uint32_t count) {
  std::map<std::string, std::int32_t> strings;
  const std::string bytes{"ab\0\xFF\x80z", 6};
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string text;
    for (std::uint32_t length = 1 + random.below(8); length > 0; --length) text += bytes[random.below(6)];
    strings[text] = static_cast<std::int32_t>(i);
  }
  return strings;
}

Trie trie_of(const std::map<std::string, std::int32_t>& strings) {
  return Trie({strings.begin(), strings.end()});
}

TEST(Trie, FindsExactlyWhatItHolds) {
  Random random(1, Purpose::test);
  const auto strings = random_strings(random, 3000);
  const Trie trie = trie_of(strings);
  for (const auto& [text, value] : strings) {
    const Trie::State state = trie.walk(Trie::kRoot, text);
    ASSERT_NE(state, Trie::kNone);
    EXPECT_EQ(trie.value(state), value);
  }
  for (const auto& [text, value] : random_strings(random, 3000)) {
    const Trie::State state = trie.walk(Trie::kRoot, text);
    EXPECT_EQ(state != Trie::kNone && trie.value(state) >= 0, strings.contains(text));
  }
}

TEST(Trie, FindsTheLongestMatch) {
  Random random(2, Purpose::test);
  const auto strings = random_strings(random, 500);
  const Trie trie = trie_of(strings);
  for (const auto& [text, unused] : random_strings(random, 3000)) {
    std::size_t longest = text.size();
    while (longest > 0 && !strings.contains(text.substr(0, longest))) --longest;
    const Trie::Match match = trie.longest_match(Trie::kRoot, text);
    EXPECT_EQ(match.length, longest);
    if (longest > 0) {
      EXPECT_EQ(match.value, strings.at(text.substr(0, longest)));
    }
  }
}

TEST(Trie, TakesTheLastOfEqualStrings) {
  const Trie trie({{"a", 1}, {"b", 2}, {"a", 3}, {"", 4}});
  EXPECT_EQ(trie.longest_match(Trie::kRoot, "ab").value, 3);
  EXPECT_EQ(trie.value(Trie::kRoot), -1);
}

TEST(Trie, IsEmptyWithoutStrings) {
  const Trie trie;
  for (int byte = 0; byte < 256; ++byte)
    EXPECT_EQ(trie.step(Trie::kRoot, static_cast<char>(byte)), Trie::kNone);
  EXPECT_EQ(trie.longest_match(Trie::kRoot, std::string("\0", 1)).length, 0U);
  EXPECT_EQ(trie.longest_match(Trie::kNone, "a").length, 0U);
}

}  // namespace
}  // namespace quire::text
