#include "quire/base/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <string>

#include "quire/base/error.h"
#include "support.h"

namespace quire {
namespace {

std::size_t entries(const std::filesystem::path& directory) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  const test::TemporaryDirectory directory;
  const auto path = directory / "out.txt";
  AtomicFile file(path);
  file.write("hello ");
  file.write("world");
  EXPECT_FALSE(std::filesystem::exists(path));
  file.commit();
  EXPECT_EQ(read_file(path), "hello world");
  EXPECT_EQ(entries(directory.path()), 1U);
}

TEST(AtomicFile, LeavesNoTraceWithoutACommit) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "out.txt", "before");
  {
    AtomicFile file(directory / "out.txt");
    file.write(std::string(1 << 20, 'x'));
  }
  EXPECT_EQ(read_file(directory / "out.txt"), "before");
  EXPECT_EQ(entries(directory.path()), 1U);
}

TEST(AtomicFile, ReplacesAsAWhole) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "out.txt", "a long text that was there before");
  const std::ifstream reader(directory / "out.txt");  // a reader keeps the old file
  write_file_atomically(directory / "out.txt", "new");
  EXPECT_EQ(read_file(directory / "out.txt"), "new");
  std::stringstream old;
  old << reader.rdbuf();
  EXPECT_EQ(old.str(), "a long text that was there before");
}

TEST(AtomicFile, KeepsTheOrderOfSmallAndLargeWrites) {
  const test::TemporaryDirectory directory;
  std::string expected;
  AtomicFile file(directory / "out.txt");
  for (const std::size_t size : {1U, 300000U, 5U, 262144U, 262143U, 2U, 0U, 1000000U, 7U}) {
    const std::string part(size, static_cast<char>('a' + size % 26));
    file.write(part);
    expected += part;
  }
  file.commit();
  EXPECT_EQ(read_file(directory / "out.txt"), expected);
}

TEST(AtomicFile, FailsWholeWhenTheDiskIsFull) {
  const test::TemporaryDirectory directory;
  const auto path = directory / "out.txt";
  write_file_atomically(path, "before");
  // A limit on the size of files stands in for a full disk.
  struct rlimit before {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = before;
  small.rlim_cur = 100000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  try {
    write_file_atomically(path, std::string(200000, 'x'));
    ADD_FAILURE() << "wrote more than there is room for";
  } catch (const InputError& error) {
    ADD_FAILURE() << "a full disk is not the user's input: " << error.what();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("out.txt'"), std::string::npos) << error.what();
  }
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(read_file(path), "before");
  EXPECT_EQ(entries(directory.path()), 1U);
}

TEST(AtomicFile, NamesThePathItCannotWrite) {
  const test::TemporaryDirectory directory;
  EXPECT_ERROR(AtomicFile(directory / "missing" / "out.txt"), InputError, "missing/out.txt'");
  EXPECT_ERROR(AtomicFile(directory.path()), InputError, "Is a directory");
}

TEST(AtomicFile, WritesThroughALink) {
  const test::TemporaryDirectory directory;
  make_directories(directory / "folder");
  write_file_atomically(directory / "folder" / "file", "before");
  std::filesystem::create_symlink("folder/file", directory / "relative");
  std::filesystem::create_symlink(directory / "relative", directory / "chain");
  write_file_atomically(directory / "chain", "after");
  EXPECT_EQ(read_file(directory / "folder" / "file"), "after");
  EXPECT_TRUE(std::filesystem::is_symlink(directory / "chain"));
  EXPECT_TRUE(std::filesystem::is_symlink(directory / "relative"));
  EXPECT_EQ(entries(directory / "folder"), 1U);
}

TEST(AtomicFile, MakesWhatALinkPointsTo) {
  const test::TemporaryDirectory directory;
  std::filesystem::create_symlink("new", directory / "link");
  write_file_atomically(directory / "link", "text");
  EXPECT_EQ(read_file(directory / "new"), "text");
  EXPECT_TRUE(std::filesystem::is_symlink(directory / "link"));
  std::filesystem::create_symlink("circle", directory / "circle");
  EXPECT_ERROR(AtomicFile(directory / "circle"), Error, "circle'");
}

TEST(AtomicFile, WritesWhereADescriptorOfTheProcessStands) {
  const test::TemporaryDirectory directory;
  const int descriptor = ::open((directory / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  ASSERT_GE(descriptor, 0);
  ASSERT_EQ(::write(descriptor, "before ", 7), 7);
  std::filesystem::create_symlink("/proc/self/fd/" + std::to_string(descriptor), directory / "stdout");
  write_file_atomically(directory / "stdout", "after");
  write_file_atomically("/dev/fd/" + std::to_string(descriptor), " that");
  ::close(descriptor);
  EXPECT_EQ(read_file(directory / "log"), "before after that");
  EXPECT_TRUE(std::filesystem::is_symlink(directory / "stdout"));
}

TEST(AtomicFile, IsNotSharedByTwoWriters) {
  const test::TemporaryDirectory directory;
  AtomicFile first(directory / "file");
  EXPECT_ERROR(AtomicFile(directory / "file"), Error, "is being written by another process");
  first.write("text");
  first.commit();
  EXPECT_EQ(read_file(directory / "file"), "text");
}

TEST(ReadFile, ReadsAllBytes) {
  const test::TemporaryDirectory directory;
  std::string bytes(700000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  write_file_atomically(directory / "bytes", bytes);
  EXPECT_EQ(read_file(directory / "bytes"), bytes);
  EXPECT_ERROR((void)read_file(directory / "missing"), InputError, "No such file");
  EXPECT_ERROR((void)read_file(directory.path()), InputError, "Is a directory");
}

TEST(MappedFile, ShowsTheContent) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "full", "content");
  write_file_atomically(directory / "empty", "");
  MappedFile file(directory / "full");
  ASSERT_EQ(file.bytes().size(), 7U);
  EXPECT_EQ(static_cast<char>(file.bytes()[3]), 't');
  EXPECT_TRUE(MappedFile(directory / "empty").bytes().empty());
  const MappedFile moved = std::move(file);
  EXPECT_EQ(moved.bytes().size(), 7U);
  EXPECT_ERROR(MappedFile(directory / "missing"), InputError, "No such file");
  EXPECT_ERROR(MappedFile(directory.path()), InputError, "Is a directory");
}

TEST(PartialFiles, OfKilledProcessesAreRemovedAndNothingElse) {
  const test::TemporaryDirectory directory;
  make_directories(directory / "a" / "b");
  for (const char* name :
       {"a/b/file.partial-123", "file.partial-1", "a/file", "a/file.partial-", "a/x.partial-y"})
    write_file_atomically(directory / name, "text");
  remove_partial_files(directory.path());
  EXPECT_FALSE(std::filesystem::exists(directory / "a/b/file.partial-123"));
  EXPECT_FALSE(std::filesystem::exists(directory / "file.partial-1"));
  for (const char* name : {"a/file", "a/file.partial-", "a/x.partial-y"})
    EXPECT_TRUE(std::filesystem::exists(directory / name)) << name;
  remove_partial_files(directory / "missing");
}

TEST(MakeDirectories, MakesParentsAndAcceptsThoseThatExist) {
  const test::TemporaryDirectory directory;
  make_directories(directory / "a" / "b");
  make_directories(directory / "a" / "b");
  EXPECT_TRUE(std::filesystem::is_directory(directory / "a" / "b"));
  write_file_atomically(directory / "file", "");
  EXPECT_ERROR(make_directories(directory / "file" / "c"), InputError, "file/c'");
}

}  // namespace
}  // namespace quire
