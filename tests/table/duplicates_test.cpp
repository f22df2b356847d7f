#include "quire/table/duplicates.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "quire/base/error.h"
#include "support.h"

namespace quire {
namespace {

using Texts = std::vector<TextFingerprint>;

TextFingerprint of(const std::string& text) {
  Document document;
  document.text = text;
  return text_fingerprint(document);
}

TextFingerprint of(const std::string& text, const std::string& pair) {
  Document document;
  document.text = text;
  document.pair = pair;
  return text_fingerprint(document);
}

TEST(TextFingerprints, AreOfTheTrimmedTextAlone) {
  Document one{.id = "1", .text = " a  b ", .pair = {}, .label = "x", .group = "", .line = 1};
  Document other{.id = "2", .text = "a  b", .pair = {}, .label = "y", .group = "g", .line = 9};
  EXPECT_EQ(text_fingerprint(one), text_fingerprint(other));
}

TEST(TextFingerprints, TellApartWhatABagOfWordsDoesNot) {
  const std::set<TextFingerprint> different = {of("a b"), of("b a"),     of("A b"),     of("a  b"),
                                               of(""),    of("a", "b"),  of("a b", ""), of("", "a b"),
                                               of("a "),  of("ab", "c"), of("a", "bc")};
  EXPECT_EQ(different.size(), 11U);
}

TEST(TextDuplicates, ThereAreNoneAmongDifferentTexts) {
  const TextDuplicates found =
      count_text_duplicates(Texts{of("a"), of("b")}, std::vector<int>{0, 1}, Texts{of("c")}, Texts{of("d")});
  EXPECT_EQ(found.copies + found.across_folds + found.valid + found.test, 0);
}

TEST(TextDuplicates, CopiesAndThoseInAnotherFoldThanTheirFirstAreCounted) {
  const Texts train = {of("a"), of("b"), of("a"), of("a"), of("c"), of("b")};
  const TextDuplicates found = count_text_duplicates(train, std::vector<int>{0, 1, 0, 1, 2, 1});
  EXPECT_EQ(found.copies, 3);
  EXPECT_EQ(found.across_folds, 1);
}

TEST(TextDuplicates, GivenRowsThatRepeatTrainingRowsAreCountedEachTime) {
  const Texts train = {of("a"), of("b"), of("b")};
  const std::vector<int> folds(3, -1);
  const TextDuplicates found =
      count_text_duplicates(train, folds, Texts{of("b"), of("b"), of("c")}, Texts{of("c"), of("a")});
  EXPECT_EQ(found.copies, 1);
  EXPECT_EQ(found.across_folds, 0);
  EXPECT_EQ(found.valid, 2);
  EXPECT_EQ(found.test, 1) << "not those that repeat each other alone";
}

TEST(TextDuplicates, EveryTextNeedsAFold) {
  EXPECT_ERROR((void)count_text_duplicates(Texts{of("a")}, {}), Error, "1 texts for 0 rows");
}

}  // namespace
}  // namespace quire
