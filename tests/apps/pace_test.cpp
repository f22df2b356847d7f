#include <gtest/gtest.h>

#include "console.h"

namespace quire::app {
namespace {

Progress at(std::int64_t done, std::int64_t total, std::string_view stage = "predicting") {
  return {.stage = stage, .done = done, .total = total, .detail = {}};
}

TEST(Pace, ShowsALineEverySoOften) {
  Pace pace(30, /*waits=*/true);
  EXPECT_FALSE(pace.is_due(at(1, 100), 0));
  EXPECT_FALSE(pace.is_due(at(2, 100), 29));
  EXPECT_TRUE(pace.is_due(at(3, 100), 30));
  EXPECT_FALSE(pace.is_due(at(4, 100), 59));
  EXPECT_TRUE(pace.is_due(at(5, 100), 60));
}

TEST(Pace, ShowsTheEndOfAStageThatWasShownOnce) {
  Pace pace(0.1, /*waits=*/false);
  EXPECT_TRUE(pace.is_due(at(1024, 2002), 0));
  EXPECT_TRUE(pace.is_due(at(2002, 2002), 0.01));
  EXPECT_FALSE(pace.is_due(at(2002, 2002), 0.02));
}

TEST(Pace, LeavesOutStagesTooShortToBeShown) {
  Pace pace(30, /*waits=*/true);
  EXPECT_FALSE(pace.is_due(at(1, 2, "reading"), 1));
  EXPECT_FALSE(pace.is_due(at(2, 2, "reading"), 2));
  EXPECT_TRUE(pace.is_due(at(1, 9, "fold 1"), 31));
  EXPECT_FALSE(pace.is_due(at(1, 1, "scoring"), 32));
}

}  // namespace
}  // namespace quire::app
