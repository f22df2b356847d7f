#include "table/id_set.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace quire {
namespace {

TEST(IdSet, FindsEveryDuplicateAndNothingElse) {
  IdSet ids;
  constexpr std::int64_t kCount = 100000;
  for (std::int64_t i = 1; i <= kCount; ++i) ASSERT_EQ(ids.insert(fmt::format("id-{}", i), i), 0);
  for (std::int64_t i = 1; i <= kCount; ++i) ASSERT_EQ(ids.insert(fmt::format("id-{}", i), kCount + i), i);
  EXPECT_EQ(ids.insert("", 5), 0);
  EXPECT_EQ(ids.insert("", 6), 5);
}

}  // namespace
}  // namespace quire
