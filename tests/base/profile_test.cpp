#include "quire/base/profile.h"

#include <gtest/gtest.h>

#include <thread>

namespace quire {
namespace {

using namespace std::chrono_literals;

const ProfileEntry* find(const Profile& profile, const std::string& name) {
  for (const ProfileEntry& entry : profile.entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

TEST(Profile, ASpanWithinAnotherCountsForItselfAlone) {
  start_profile();
  {
    const Span outer("outer", 10);
    std::this_thread::sleep_for(5ms);
    for (int i = 0; i < 2; ++i) {
      const Span inner("inner");
      std::this_thread::sleep_for(40ms);
    }
  }
  const Profile profile = read_profile();
  const ProfileEntry* outer = find(profile, "outer");
  const ProfileEntry* inner = find(profile, "inner");
  ASSERT_NE(outer, nullptr);
  ASSERT_NE(inner, nullptr);
  EXPECT_EQ(outer->calls, 1);
  EXPECT_EQ(inner->calls, 2);
  EXPECT_EQ(outer->operations, 10);
  EXPECT_GE(inner->seconds, 0.08);
  EXPECT_GE(outer->seconds, 0.005);
  // Of the whole, which lasted as long as both together.
  EXPECT_LE(outer->seconds + inner->seconds, profile.seconds);
  EXPECT_EQ(profile.entries.front().name, "inner");
}

TEST(Profile, SpansOfSeveralThreadsAddUp) {
  start_profile();
  {
    const Span outer("outer");
    std::jthread first([] { const Span span("worker", 3); });
    std::jthread second([] { const Span span("worker", 4); });
  }
  const Profile profile = read_profile();
  const ProfileEntry* worker = find(profile, "worker");
  ASSERT_NE(worker, nullptr);
  EXPECT_EQ(worker->calls, 2);
  EXPECT_EQ(worker->operations, 7);
}

TEST(Profile, TheTableHasALineForEachKindOfWorkAndOneForTheRest) {
  const std::string text = format_profile({.entries = {{"product", 2, 0.5, 1e9}}, .seconds = 2});
  EXPECT_NE(text.find("product"), std::string::npos);
  EXPECT_NE(text.find("250.000"), std::string::npos) << text;  // ms a call
  EXPECT_NE(text.find("25.0"), std::string::npos) << text;     // per cent
  EXPECT_NE(text.find("everything else"), std::string::npos);
  EXPECT_NE(text.find("75.0"), std::string::npos) << text;
}

}  // namespace
}  // namespace quire
