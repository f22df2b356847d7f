#include "quire/table/writer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "quire/base/error.h"
#include "quire/base/random.h"
#include "table_support.h"

namespace quire {
namespace {

using test::Rows;
using Fields = std::vector<std::string>;

void write_table(const std::filesystem::path& path, const Fields& header, const Rows& rows) {
  TableWriter writer(path, header);
  for (const auto& row : rows) writer.write(row);
  writer.commit();
}

// A field made of what is difficult: quotes, delimiters, line ends, white space, non-ASCII.
std::string random_field(Random& random) {
  static const Fields pieces = {"\"", "\"\"", "\t",   ",",    "\n",         "\r",     "\r\n",
                                " ",  "a",    "word", "é",    "\U0001F600", "\uFEFF", "\u00A0",
                                "\\", "'",    ";",    "\x01", "\uFFFD"};
  std::string field;
  for (std::uint32_t i = random.below(8); i > 0; --i) {
    field += pieces[random.below(static_cast<std::uint32_t>(pieces.size()))];
  }
  return field;
}

class Writer : public testing::TestWithParam<const char*> {
 protected:
  test::TemporaryDirectory directory_;
};

TEST_P(Writer, ReadingBackIsTheIdentity) {
  Random random(5, Purpose::test);
  const auto path = directory_ / GetParam();
  for (int round = 0; round < 60; ++round) {
    const std::size_t width = 1 + random.below(4);
    Fields header;
    for (std::size_t i = 0; i < width; ++i) header.push_back("\"c" + std::to_string(i));
    Rows rows(random.below(60), Fields(width));
    for (Fields& row : rows) {
      for (std::string& field : row) field = random_field(random);
    }
    write_table(path, header, rows);
    const test::Table table = test::read_table(path);
    ASSERT_EQ(table.header, header);
    ASSERT_EQ(table.rows, rows) << read_file(path);
  }
}

TEST_P(Writer, LongFieldsSurviveTheBordersOfBuffers) {
  Random random(6, Purpose::test);
  Rows rows;
  for (int i = 0; i < 40; ++i) {
    std::string field(random.below(400000), static_cast<char>('a' + i % 26));
    for (int quote = 0; quote < 20 && !field.empty(); ++quote) {
      field[random.below(static_cast<std::uint32_t>(field.size()))] = "\"\n\r\t"[random.below(4)];
    }
    rows.push_back({std::to_string(i), field, "end"});
  }
  write_table(directory_ / GetParam(), {"id", "text", "label"}, rows);
  EXPECT_TRUE(test::read_table(directory_ / GetParam()).rows == rows);
}

TEST_P(Writer, WritesTheSameBytesEveryTime) {
  const Rows rows = {{"1", "a \"b\""}, {"2", "c\nd"}};
  write_table(directory_ / GetParam(), {"id", "text"}, rows);
  const std::string first = read_file(directory_ / GetParam());
  write_table(directory_ / GetParam(), {"id", "text"}, rows);
  EXPECT_EQ(read_file(directory_ / GetParam()), first);
}

INSTANTIATE_TEST_SUITE_P(Formats, Writer, testing::Values("t.tsv", "t.csv", "t.tsv.gz", "t.csv.xz"),
                         [](const auto& name) { return test::test_name(name.param); });

TEST(TableWriter, QuotesOnlyWhatNeedsIt) {
  const test::TemporaryDirectory directory;
  write_table(
      directory / "t.tsv", {"id", "text"},
      {{"1", "say \"so\", then"}, {"2", "\"so\""}, {"3", "a\tb"}, {"4", "a\nb"}, {"5", "a\r"}, {"6", ""}});
  EXPECT_EQ(read_file(directory / "t.tsv"),
            "id\ttext\n1\tsay \"so\", then\n2\t\"\"\"so\"\"\"\n3\t\"a\tb\"\n4\t\"a\nb\"\n5\t\"a\r\"\n6\t\n");
  write_table(directory / "t.csv", {"id", "text"}, {{"1", "a\tb"}, {"2", "a,b"}});
  EXPECT_EQ(read_file(directory / "t.csv"), "id,text\n1,a\tb\n2,\"a,b\"\n");
}

TEST(TableWriter, WithoutQuotingQuotesAreWrittenAsTheyAre) {
  const test::TemporaryDirectory directory;
  const Rows rows = {{"1", "\"big\" cat"}, {"2", "\"open"}, {"3", "a\rb"}, {"4\r", ""}, {"\"5\"", "a,b"}};
  TableWriter writer(directory / "t.tsv", Fields{"\"id\"", "text"}, TableFormat::Quoting::none);
  for (const Fields& row : rows) writer.write(row);
  writer.commit();
  EXPECT_EQ(read_file(directory / "t.tsv"),
            "\"id\"\ttext\n1\t\"big\" cat\n2\t\"open\n3\ta\rb\n4\r\t\n\"5\"\ta,b\n");
  EXPECT_EQ(
      test::read_table(directory / "t.tsv", {.quoting = TableFormat::Quoting::none, .delimiter = {}}).rows,
      rows);
}

TEST(TableWriter, WithoutQuotingWhatNeedsItIsRefused) {
  const test::TemporaryDirectory directory;
  TableWriter writer(directory / "t.tsv", Fields{"id", "text"}, TableFormat::Quoting::none);
  writer.write(Fields{"1", "x"});
  EXPECT_ERROR(writer.write(Fields{"2", "a\tb"}), InputError, "row 2 of '");
  EXPECT_ERROR(writer.write(Fields{"2", "a\tb"}), InputError, "'a\tb' holds a tab");
  EXPECT_ERROR(writer.write(Fields{"2", "a\nb"}), InputError, "holds a line break");
  EXPECT_ERROR(writer.write(Fields{"2", "a\r"}), InputError, "holds a line break");
  EXPECT_ERROR(TableWriter(directory / "u.csv", Fields{"id", "a,b"}, TableFormat::Quoting::none), InputError,
               "the header of '");
  EXPECT_ERROR(TableWriter(directory / "u.csv", Fields{"\uFEFFid"}, TableFormat::Quoting::none), InputError,
               "byte order mark");
}

TEST(TableWriter, AnEmptyFieldAloneIsQuoted) {
  const test::TemporaryDirectory directory;
  write_table(directory / "t.tsv", {"text"}, {{"a"}, {""}});
  EXPECT_EQ(read_file(directory / "t.tsv"), "text\na\n\"\"\n");
}

TEST(TableWriter, NothingAppearsBeforeTheCommit) {
  const test::TemporaryDirectory directory;
  for (const char* name : {"t.tsv", "t.tsv.gz", "t.tsv.xz"}) {
    {
      TableWriter writer(directory / name, Fields{"id", "text"});
      writer.write(Fields{"1", std::string(1 << 20, 'x')});
    }
    EXPECT_TRUE(std::filesystem::is_empty(directory.path())) << name;
  }
}

TEST(TableWriter, RefusesRowsOfAnotherWidth) {
  const test::TemporaryDirectory directory;
  TableWriter writer(directory / "t.tsv", Fields{"id", "text"});
  EXPECT_ERROR(writer.write(Fields{"1"}), Error, "a row of 1 fields for a table of 2 columns");
}

TEST(TableWriter, WritesTheStandardOutput) {
  testing::internal::CaptureStdout();
  write_table("-", {"id", "text"}, {{"1", "x"}});
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "id\ttext\n1\tx\n");
}

TEST(TableWriter, NamesThePathItCannotWrite) {
  const test::TemporaryDirectory directory;
  EXPECT_ERROR(TableWriter(directory / "missing" / "t.tsv", Fields{"id"}), InputError, "missing/t.tsv'");
}

}  // namespace
}  // namespace quire
