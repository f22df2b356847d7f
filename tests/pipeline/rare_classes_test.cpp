#include "pipeline/rare_classes.h"

#include <gmock/gmock.h>

#include "members/members_support.h"
#include "quire/base/error.h"
#include "support.h"

namespace quire::test {
namespace {

using testing::ElementsAre;
using Labels = std::vector<std::string>;

// Ten common rows and rare classes of one to three.
Labels table() {
  Labels labels(10, "common");
  for (const char* label : {"one", "two", "two", "three", "three", "three"}) labels.emplace_back(label);
  return labels;
}

TEST(RareClasses, AreKeptAndNamedOnce) {
  Labels labels = table();
  Listener listener;
  const std::vector<bool> dropped =
      treat_rare_classes(labels, 3, parse_rare_policy("keep"), listener.context());
  EXPECT_EQ(std::count(dropped.begin(), dropped.end(), true), 0);
  ASSERT_EQ(listener.warnings.size(), 1U);
  EXPECT_TRUE(
      mentions(listener.warnings, "2 of 4 classes have fewer rows than the 3 folds: 'one' (1), 'two' (2)"))
      << listener.warnings.front();
}

TEST(RareClasses, OfManyTenAreNamedAndTheRestCounted) {
  Labels labels(9, "common");
  for (int i = 10; i < 35; ++i) labels.push_back("rare " + std::to_string(i));
  Listener listener;
  (void)treat_rare_classes(labels, 5, parse_rare_policy("keep"), listener.context());
  EXPECT_TRUE(mentions(listener.warnings, "'rare 19' (1) and 15 more")) << listener.warnings.front();
}

TEST(RareClasses, AreLeftOutMergedOrRefused) {
  Labels labels = table();
  const Context silent;
  const std::vector<bool> dropped = treat_rare_classes(labels, 3, parse_rare_policy("drop"), silent);
  EXPECT_EQ(std::count(dropped.begin(), dropped.end(), true), 3);
  EXPECT_TRUE(dropped[10]);
  (void)treat_rare_classes(labels, 3, parse_rare_policy("merge:other"), silent);
  EXPECT_EQ(std::ranges::count(labels, "other"), 3);
  Labels again = table();
  EXPECT_ERROR((void)treat_rare_classes(again, 3, parse_rare_policy("error"), silent), InputError,
               "'one' (1)");
  EXPECT_ERROR((void)parse_rare_policy("merge:"), InputError, "--rare-classes is 'merge:'");
  EXPECT_ERROR((void)parse_rare_policy("dorp"), InputError, "--rare-classes is 'dorp'");
}

TEST(RareClasses, ARowAloneIsNeverHeldOut) {
  const std::vector<int> labels = {0, 0, 1, 2, 2};
  EXPECT_THAT(never_held_out(labels, {}, 3), ElementsAre(false, false, true, false, false));
}

// Twins of a row that always trains would be scored by a model that knows them.
TEST(RareClasses, WhoSharesAGroupWithSuchARowStaysWithIt) {
  const std::vector<int> labels = {0, 0, 1, 1, 0};
  const Labels groups = {"a", "b", "a", "a", ""};
  EXPECT_THAT(never_held_out(labels, groups, 2), ElementsAre(true, false, true, true, false));
}

}  // namespace
}  // namespace quire::test
