#include "quire/base/file_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "support.h"

namespace quire {
namespace {

TEST(FileLock, IsHeldByOneAtATimeAndNamesItsProcess) {
  const test::TemporaryDirectory directory;
  const auto file = directory / "lock";
  {
    const FileLock first = FileLock::lock(file, "run", {});
    EXPECT_FALSE(FileLock::try_lock(file, {}).has_value());
    const std::string expected =
        "'run' is in use by another process (pid " + std::to_string(::getpid()) + ")";
    EXPECT_ERROR((void)FileLock::lock(file, "run", {}), InputError, expected);
  }
  EXPECT_TRUE(FileLock::try_lock(file, {}).has_value());
}

TEST(FileLock, MovesWithItsOwner) {
  const test::TemporaryDirectory directory;
  FileLock first = FileLock::lock(directory / "lock", "run", {});
  const FileLock second = std::move(first);
  EXPECT_FALSE(FileLock::try_lock(directory / "lock", {}).has_value());
}

TEST(FileLock, OfADeadProcessIsFree) {
  const test::TemporaryDirectory directory;
  const auto file = directory / "lock";
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FileLock held = FileLock::lock(file, "run", {});
    if (::write(ends[1], "x", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ends[0], &byte, 1), 1);
  EXPECT_ERROR((void)FileLock::lock(file, "run", {}), InputError, "(pid " + std::to_string(child) + ")");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(FileLock::try_lock(file, {}).has_value());
  for (const int end : ends) ::close(end);
}

TEST(FileLock, NamesAFileItCannotOpen) {
  const test::TemporaryDirectory directory;
  EXPECT_ERROR((void)FileLock::try_lock(directory / "missing" / "lock", {}), InputError, "missing/lock'");
}

}  // namespace
}  // namespace quire
