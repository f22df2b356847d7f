#include "quire/pipeline/clean.h"

#include <gtest/gtest.h>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "support.h"

namespace quire {
namespace {

TEST(CleanTable, KeepsColumnsAndRowsAndCleansTheText) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "in.tsv",
                        "ID\ttitle\tlabel\tabstract\nA 1\tA  TITLE\tThe Label\t\"two\nlines\"\nB\t\tX\tz\n");
  const CleanTableOptions options{.clean = {.lowercase = true}, .columns = {}, .format = {}};
  EXPECT_EQ(clean_table(directory / "in.tsv", directory / "out.tsv", options, {}), 2);
  EXPECT_EQ(read_file(directory / "out.tsv"),
            "ID\ttitle\tlabel\tabstract\nA 1\ta title\tThe Label\ttwo lines\nB\t\tX\tz\n");
}

TEST(CleanTable, IsTheSameForAnyNumberOfThreads) {
  const test::TemporaryDirectory directory;
  std::string table = "id\ttext\n";
  for (int i = 0; i < 9000; ++i) table += std::to_string(i) + "\tSome  TEXT " + std::to_string(i * i) + "\n";
  write_file_atomically(directory / "in.tsv", table);
  const CleanTableOptions options{.clean = {.lowercase = true}, .columns = {}, .format = {}};
  Context three;
  three.threads = 3;
  EXPECT_EQ(clean_table(directory / "in.tsv", directory / "one.tsv", options, {}), 9000);
  EXPECT_EQ(clean_table(directory / "in.tsv", directory / "three.tsv", options, three), 9000);
  EXPECT_EQ(read_file(directory / "one.tsv"), read_file(directory / "three.tsv"));
}

TEST(CleanTable, LeavesNoFileWhenTheTableIsBad) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "in.tsv", "id\ttext\n1\ta\tb\n");
  EXPECT_ERROR(clean_table(directory / "in.tsv", directory / "out.tsv", {}, {}), InputError, "in.tsv:2");
  EXPECT_FALSE(std::filesystem::exists(directory / "out.tsv"));
}

TEST(CleanTable, RefusesAColumnThatIsNotThere) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "in.tsv", "id\ttext\n1\ta\n");
  CleanTableOptions options;
  options.columns.text = {"txt"};
  EXPECT_ERROR(clean_table(directory / "in.tsv", directory / "out.tsv", options, {}), InputError, "txt");
}

}  // namespace
}  // namespace quire
