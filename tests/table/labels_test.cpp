#include "quire/table/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "support.h"

namespace quire {
namespace {

using testing::ElementsAre;
using Names = std::vector<std::string>;

TEST(LabelSet, HoldsDistinctLabelsInTheOrderOfTheirBytes) {
  const Names labels = {"web", "été", "Admin", "a b", "web", "a", "Zoo", "10", "9"};
  const LabelSet set = LabelSet::from(labels);
  EXPECT_THAT(set.names(), ElementsAre("10", "9", "Admin", "Zoo", "a", "a b", "web", "été"));
  EXPECT_EQ(set.size(), 8U);
}

TEST(LabelSet, DoesNotDependOnTheOrderOfTheRows) {
  Names labels = {"c", "a", "b", "a", "é", "Z"};
  const LabelSet set = LabelSet::from(labels);
  std::ranges::sort(labels);
  do {
    EXPECT_EQ(LabelSet::from(labels), set);
  } while (std::ranges::next_permutation(labels).found);
}

TEST(LabelSet, FindsWhatItNames) {
  const LabelSet set(Names{"machine learning", "b", "a"});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(set.find(set.name(i)), i);
  EXPECT_EQ(set.name(0), "machine learning") << "the order given is kept";
  EXPECT_EQ(set.find("machine"), std::nullopt);
  EXPECT_EQ(set.find(""), std::nullopt);
}

TEST(LabelSet, ReadsWhatItWrote) {
  const test::TemporaryDirectory directory;
  const LabelSet set(Names{"cs.LG", "with spaces inside", " led by one", "quote \" and\ttab", "été", "#x"});
  set.write(directory / "labels.txt");
  EXPECT_EQ(LabelSet::read(directory / "labels.txt"), set);
  EXPECT_TRUE(read_file(directory / "labels.txt").starts_with("cs.LG\nwith spaces inside\n"));
}

TEST(LabelSet, ReadsFilesEditedElsewhere) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "labels.txt", "a b\r\nc");
  EXPECT_THAT(LabelSet::read(directory / "labels.txt").names(), ElementsAre("a b", "c"));
}

TEST(LabelSet, RefusesNamesThatAFileCannotKeep) {
  EXPECT_ERROR(LabelSet(Names{"a", "b\nc"}), InputError, "'b\nc' holds a line break");
  EXPECT_ERROR(LabelSet(Names{"b\r"}), InputError, "line break");
  EXPECT_ERROR(LabelSet(Names{"a", ""}), InputError, "class 1 has an empty name");
  EXPECT_ERROR(LabelSet(Names{"a", "b", "a"}), InputError, "'a' occurs twice");
}

TEST(LabelSet, RefusesFilesThatAreNoLists) {
  const test::TemporaryDirectory directory;
  const auto path = directory / "labels.txt";
  write_file_atomically(path, "");
  EXPECT_ERROR((void)LabelSet::read(path), InputError, "labels.txt' names no class");
  write_file_atomically(path, "a\n\nb\n");
  EXPECT_ERROR((void)LabelSet::read(path), InputError, "labels.txt' is not a list of classes: class 1");
  write_file_atomically(path, "a\na\n");
  EXPECT_ERROR((void)LabelSet::read(path), InputError, "'a' occurs twice");
  EXPECT_ERROR((void)LabelSet::read(directory / "missing.txt"), InputError, "No such file");
}

}  // namespace
}  // namespace quire
