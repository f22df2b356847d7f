#include "quire/table/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quire/base/error.h"
#include "table_support.h"

namespace quire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Documents : public testing::Test {
 protected:
  DocumentReader open(std::string_view content, const ColumnFlags& flags = {},
                      LabelColumn label = LabelColumn::required, DuplicateIds ids = DuplicateIds::warn) {
    return {test::put(directory_, "t.tsv", content), flags, label, {}, ids, recorder_.context()};
  }
  // All documents; the end included.
  std::vector<Document> read(std::string_view content, const ColumnFlags& flags = {},
                             LabelColumn label = LabelColumn::required,
                             DuplicateIds ids = DuplicateIds::warn) {
    DocumentReader reader = open(content, flags, label, ids);
    std::vector<Document> documents;
    for (Document document; reader.next(document);) documents.push_back(document);
    EXPECT_EQ(reader.count(), static_cast<std::int64_t>(documents.size()));
    reader.finish();
    return documents;
  }

  test::TemporaryDirectory directory_;
  test::Recorder recorder_;
};

TEST_F(Documents, OneTextColumnIsASingleSequence) {
  const auto documents = read("id\ttext\tlabel\na\tfirst\tx\nb\tsecond\ty\n");
  ASSERT_EQ(documents.size(), 2U);
  EXPECT_EQ(documents[1].id, "b");
  EXPECT_EQ(documents[1].text, "second");
  EXPECT_EQ(documents[1].pair, std::nullopt);
  EXPECT_EQ(documents[1].label, "y");
  EXPECT_EQ(documents[1].group, "");
  EXPECT_EQ(documents[1].line, 3);
  EXPECT_THAT(recorder_.warnings, IsEmpty());
}

TEST_F(Documents, TwoTextColumnsAreAPair) {
  const auto documents = read("id\ttitle\tabstract\tlabel\na\tT\tA\tx\nb\tU\t\tx\n");
  EXPECT_EQ(documents[0].text, "T");
  EXPECT_EQ(documents[0].pair, "A");
  EXPECT_EQ(documents[1].pair, "") << "an empty second text stays a pair";
}

TEST_F(Documents, MoreTextColumnsAreJoinedFromTheSecondOn) {
  const auto documents = read("t\tb\tc\td\tlabel\nT\tB\tC\tD\tx\nT\tB\t \tD\tx\n");
  EXPECT_EQ(documents[0].text, "T");
  EXPECT_EQ(documents[0].pair, "B C D");
  EXPECT_EQ(documents[1].pair, "B D");
}

TEST_F(Documents, TextColumnsComeInTheOrderOfTheFlag) {
  ColumnFlags flags;
  flags.text = {"abstract", "title"};
  const auto documents = read("title\tabstract\tlabel\nT\tA\tx\n", flags);
  EXPECT_EQ(documents[0].text, "A");
  EXPECT_EQ(documents[0].pair, "T");
}

TEST_F(Documents, EverythingIsTrimmed) {
  ColumnFlags flags;
  flags.group = "g";
  const auto documents = read("id\ttext\tlabel\tg\n a \t\u00A0 a  b \t x y \t z \n\tother\tx y\t\n", flags);
  EXPECT_EQ(documents[0].id, "a");
  EXPECT_EQ(documents[0].text, "a  b") << "white space inside stays";
  EXPECT_EQ(documents[0].label, "x y");
  EXPECT_EQ(documents[0].group, "z");
}

TEST_F(Documents, RowsAreNumberedFromZeroWithoutAnIdColumn) {
  const auto documents = read("text\tlabel\na\tx\n\nb\tx\nb\tx\n");
  EXPECT_EQ(documents[0].id, "0");
  EXPECT_EQ(documents[1].id, "1");
  EXPECT_EQ(documents[2].id, "2");
  EXPECT_EQ(documents[2].line, 5);
  EXPECT_THAT(recorder_.warnings, IsEmpty());
}

TEST_F(Documents, GuessesAreTold) {
  (void)open("id\ttext\tlabel\na\tb\tc\n");
  EXPECT_THAT(recorder_.infos, ElementsAre("label: column 'label', by its name",
                                           "id: column 'id', by its name", "text: column 'text'"));
}

TEST_F(Documents, EmptyTextsAreDeliveredAndWarnedOf) {
  const auto documents = read("text\tlabel\n \tx\nb\tx\n\tx\n");
  EXPECT_EQ(documents.size(), 3U);
  EXPECT_EQ(documents[0].text, "");
  ASSERT_EQ(recorder_.warnings.size(), 1U);
  EXPECT_THAT(recorder_.warnings[0], HasSubstr("t.tsv: 2 documents have an empty text (first in line 2)"));
}

TEST_F(Documents, HalfAPairIsNoEmptyText) {
  (void)read("title\tabstract\tlabel\n\tA\tx\nT\t\tx\n");
  EXPECT_THAT(recorder_.warnings, IsEmpty());
  (void)read("title\tabstract\tlabel\n\tA\tx\n\t\tx\n");
  EXPECT_THAT(recorder_.warnings, ElementsAre(HasSubstr("1 document has an empty text (first in line 3)")));
}

TEST_F(Documents, DuplicateIdsAreAWarningInTraining) {
  EXPECT_EQ(read("id\ttext\tlabel\na\t1\tx\nb\t2\tx\n a\t3\tx\nb\t4\tx\nb\t5\tx\n").size(), 5U);
  EXPECT_THAT(recorder_.warnings,
              ElementsAre(HasSubstr("3 rows repeat an earlier id, such as 'a' (first in line 4)")));
}

TEST_F(Documents, DuplicateIdsAreAnErrorInAFileToPredict) {
  EXPECT_ERROR((void)read("id\ttext\na\t1\nb\t2\na\t3\n", {}, LabelColumn::optional, DuplicateIds::error),
               InputError, "t.tsv:4: the id 'a' was used before, in line 2");
}

TEST_F(Documents, AnEmptyLabelIsAnErrorWhereLabelsAreRequired) {
  EXPECT_ERROR((void)read("text\tlabel\na\tx\nb\t \n"), InputError,
               "t.tsv:3: the label (column 'label') is empty");
  EXPECT_EQ(read("text\tlabel\na\tx\nb\t\n", {}, LabelColumn::optional)[1].label, "");
}

TEST_F(Documents, ALabelWithALineBreakIsAnError) {
  EXPECT_ERROR((void)read("text\tlabel\na\t\"x\ny\"\n"), InputError,
               "t.tsv:2: the label 'x\ny' holds a line break");
  EXPECT_EQ(read("text\tlabel\na\t\"x y\n\"\n")[0].label, "x y") << "trimmed first";
}

TEST_F(Documents, RowsWithoutAGroupAreWarnedOf) {
  ColumnFlags flags;
  flags.group = "source";
  const auto documents = read("text\tsource\tlabel\na\ts\tx\nb\t\tx\n", flags);
  EXPECT_EQ(documents[0].group, "s");
  EXPECT_EQ(documents[1].group, "");
  EXPECT_THAT(recorder_.warnings,
              ElementsAre(HasSubstr("1 row has no group and is on its own (first in line 3)")));
}

TEST_F(Documents, MalformedUtf8IsWarnedOf) {
  EXPECT_EQ(read("text\tlabel\ncaf\xE9\tx\n\xFF\tx\n")[0].text, "caf\uFFFD");
  EXPECT_THAT(
      recorder_.warnings,
      ElementsAre(HasSubstr("2 places are not valid UTF-8 and were replaced by U+FFFD (first in line 2)")));
}

// In Latin-1 \xE9 and \xE8 are two letters; replaced by U+FFFD they would be one.
TEST_F(Documents, LabelsIdsAndGroupsThatAreNotUtf8AreAnError) {
  EXPECT_ERROR((void)read("id\ttext\tlabel\n1\tx\tq\n2\tx\tp\xE9\n"), InputError,
               "t.tsv:3: the label 'p\\xE9' is not valid UTF-8");
  EXPECT_ERROR((void)read("id\ttext\n1\tx\nn\xBA\tx\n", {}, LabelColumn::optional, DuplicateIds::error),
               InputError, "t.tsv:3: the id 'n\\xBA' is not valid UTF-8");
  ColumnFlags flags;
  flags.group = "g";
  EXPECT_ERROR((void)read("text\tg\tlabel\nx\t\xE9\ta\n", flags), InputError, "t.tsv:2: the group '\\xE9'");
  EXPECT_EQ(read("id\ttext\tlabel\n\xE9\tx\tq\n", {}, LabelColumn::required, DuplicateIds::ignore).size(),
            1U);
  EXPECT_EQ(read("id\ttext\tlabel\n1\tx\xE9\tp\xC3\xA9\n")[0].label, "p\u00E9");
}

TEST_F(Documents, IdsThatDoNotMatterMayRepeat) {
  EXPECT_EQ(
      read("id\ttext\tlabel\na\t1\tx\na\t2\tx\n", {}, LabelColumn::required, DuplicateIds::ignore).size(),
      2U);
  EXPECT_THAT(recorder_.warnings, IsEmpty());
}

TEST_F(Documents, AHeaderAloneIsAnError) {
  EXPECT_ERROR((void)read("text\tlabel\n"), InputError, "t.tsv' has a header and no rows");
  EXPECT_ERROR((void)read("text\tlabel\n\n\n"), InputError, "has a header and no rows");
}

TEST_F(Documents, FieldsOfTheLastDocumentDoNotLingerInTheNext) {
  ColumnFlags flags;
  flags.group = "g";
  DocumentReader reader =
      open("id\tt\tu\tg\tlabel\n1\ta\tb\tc\td\n2\t\t\t\t\n", flags, LabelColumn::optional);
  Document document;
  ASSERT_TRUE(reader.next(document));
  ASSERT_TRUE(reader.next(document));
  EXPECT_EQ(document.text + *document.pair + document.group + document.label, "");
}

}  // namespace
}  // namespace quire
