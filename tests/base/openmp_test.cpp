#include "quire/base/openmp.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace quire {
namespace {

// Variables of the environment, given back at the end.
class Environment : public ::testing::Test {
 protected:
  Environment() {
    for (const char* name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}) {
      if (const char* value = std::getenv(name)) before_.emplace_back(name, value);
      ::unsetenv(name);
    }
  }
  ~Environment() override {
    for (const char* name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}) ::unsetenv(name);
    for (const auto& [name, value] : before_) ::setenv(name.c_str(), value.c_str(), 1);
  }
  static std::string spin_count() {
    const char* value = std::getenv("GOMP_SPINCOUNT");
    return value == nullptr ? "unset" : value;
  }

 private:
  std::vector<std::pair<std::string, std::string>> before_;
};

TEST_F(Environment, ThreadsOfOpenMpSpinForAShortWhile) {
  shorten_openmp_waiting();
  EXPECT_EQ(spin_count(), "1000");
}

TEST_F(Environment, WhatTheUserSetStays) {
  ::setenv("GOMP_SPINCOUNT", "7", 1);
  shorten_openmp_waiting();
  EXPECT_EQ(spin_count(), "7");
  ::unsetenv("GOMP_SPINCOUNT");
  ::setenv("OMP_WAIT_POLICY", "active", 1);
  shorten_openmp_waiting();
  EXPECT_EQ(spin_count(), "unset");
}

}  // namespace
}  // namespace quire
