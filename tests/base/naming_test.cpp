#include "quire/base/naming.h"

#include <gtest/gtest.h>

#include <vector>

namespace quire {
namespace {

using Names = std::vector<std::string>;

TEST(Naming, AShortListIsWhole) {
  EXPECT_EQ(quoted_list(Names{}), "");
  EXPECT_EQ(quoted_list(Names{"a"}), "'a'");
  EXPECT_EQ(quoted_list(Names{"a", "b"}), "'a' and 'b'");
  EXPECT_EQ(quoted_list(Names{"a", "b", "c"}), "'a', 'b' and 'c'");
}

TEST(Naming, OfALongListTheRestIsCounted) {
  const Names names(20000, "x");
  EXPECT_EQ(quoted_list(names), "'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x' and 19990 more");
  EXPECT_EQ(quoted_list(names, 2), "'x', 'x' and 19998 more");
  EXPECT_EQ(quoted_list(Names(3, "x"), 2), "'x', 'x' and 1 more");
}

TEST(Naming, ALongNameIsCutBetweenCharacters) {
  EXPECT_EQ(quoted_name(std::string(80, 'a')), "'" + std::string(80, 'a') + "'");
  EXPECT_EQ(quoted_name(std::string(1000, 'a')), "'" + std::string(80, 'a') + "...'");
  EXPECT_EQ(quoted_name(std::string(79, 'a') + "\u00E9\u00E9"), "'" + std::string(79, 'a') + "...'");
}

}  // namespace
}  // namespace quire
