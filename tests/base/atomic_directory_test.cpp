#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "support.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

std::size_t entries(const fs::path& directory) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), {}));
}

TEST(AtomicDirectory, AppearsOnlyWhenCommitted) {
  const test::TemporaryDirectory directory;
  make_directories(directory / "from" / "inner");
  write_file_atomically(directory / "from" / "inner" / "file", "deep");
  write_file_atomically(directory / "file", "text");
  AtomicDirectory copy(directory / "a" / "b");
  copy.copy(directory / "file", "file");
  copy.copy(directory / "from", "from");
  write_file_atomically(copy.place() / "third", "written");
  EXPECT_FALSE(fs::exists(directory / "a" / "b"));
  copy.commit();
  EXPECT_EQ(read_file(directory / "a" / "b" / "file"), "text");
  EXPECT_EQ(read_file(directory / "a" / "b" / "from" / "inner" / "file"), "deep");
  EXPECT_EQ(read_file(directory / "a" / "b" / "third"), "written");
  EXPECT_EQ(entries(directory / "a"), 1U);
}

TEST(AtomicDirectory, LeavesNoTraceWithoutACommit) {
  const test::TemporaryDirectory directory;
  {
    AtomicDirectory copy(directory / "new");
    write_file_atomically(copy.place() / "file", "text");
  }
  EXPECT_EQ(entries(directory.path()), 0U);
}

TEST(AtomicDirectory, TakesThePlaceOfAnEmptyDirectoryAndNoOther) {
  const test::TemporaryDirectory directory;
  make_directories(directory / "empty");
  make_directories(directory / "full");
  write_file_atomically(directory / "full" / "file", "before");
  AtomicDirectory into_empty((directory / "empty").string() + "/");
  write_file_atomically(into_empty.place() / "file", "text");
  into_empty.commit();
  EXPECT_EQ(read_file(directory / "empty" / "file"), "text");
  {
    AtomicDirectory into_full(directory / "full");
    EXPECT_ERROR(into_full.commit(), Error, "full'");
  }
  EXPECT_EQ(read_file(directory / "full" / "file"), "before");
  EXPECT_EQ(entries(directory.path()), 2U);
}

TEST(AtomicDirectory, NamesWhatItCannotCopy) {
  const test::TemporaryDirectory directory;
  AtomicDirectory copy(directory / "new");
  EXPECT_ERROR(copy.copy(directory / "missing", "file"), InputError, "new/file'");
}

// Of a process that was killed while it wrote a file and a directory.
class Killed : public ::testing::Test {
 protected:
  Killed() {
    EXPECT_EQ(::pipe(ends_), 0);
    child_ = ::fork();
    if (child_ == 0) {
      AtomicFile file(directory_ / "file");
      AtomicDirectory folder(directory_ / "folder");
      write_file_atomically(folder.place() / "inner", "half");
      if (::write(ends_[1], "x", 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    char byte = 0;
    EXPECT_EQ(::read(ends_[0], &byte, 1), 1);
  }
  ~Killed() override {
    kill();
    for (const int end : ends_) ::close(end);
  }
  void kill() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    child_ = -1;
  }

  test::TemporaryDirectory directory_;
  int ends_[2] = {};
  pid_t child_ = -1;
};

TEST_F(Killed, PartialFilesStayWhileTheirProcessLives) {
  EXPECT_EQ(entries(directory_.path()), 2U);
  remove_partial_files(directory_.path());
  EXPECT_EQ(entries(directory_.path()), 2U);
  kill();
  remove_partial_files(directory_.path());
  EXPECT_EQ(entries(directory_.path()), 0U);
}

TEST_F(Killed, PartialFilesAreRemovedByTheNextWriter) {
  kill();
  write_file_atomically(directory_ / "file", "whole");
  AtomicDirectory(directory_ / "folder").commit();
  EXPECT_EQ(entries(directory_.path()), 2U);
  EXPECT_EQ(read_file(directory_ / "file"), "whole");
  EXPECT_EQ(entries(directory_ / "folder"), 0U);
}

}  // namespace
}  // namespace quire
