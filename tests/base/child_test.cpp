#include "quire/base/child.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

namespace quire {
namespace {

bool works() { return true; }
bool fails() { return false; }
bool crashes() {
  std::raise(SIGILL);
  return true;
}

TEST(Child, SaysWhetherItWorks) {
  EXPECT_TRUE(passes_in_child(works));
  EXPECT_FALSE(passes_in_child(fails));
  EXPECT_FALSE(passes_in_child(crashes));
}

// A parent that ignores SIGCHLD hands that down, and waitpid() then has nothing to tell.
TEST(Child, IsHeardWhereSigchldIsIgnored) {
  const auto before = std::signal(SIGCHLD, SIG_IGN);
  EXPECT_TRUE(passes_in_child(works));
  EXPECT_FALSE(passes_in_child(crashes));
  std::signal(SIGCHLD, before);
}

TEST(Child, IsHeardWhereAHandlerWaitsForAllChildren) {
  const auto before = std::signal(SIGCHLD, [](int) {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  });
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(passes_in_child(works));
  std::signal(SIGCHLD, before);
}

}  // namespace
}  // namespace quire
