#include "quire/table/reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "quire/base/error.h"
#include "table_support.h"

namespace quire {
namespace {

using test::Rows;
using testing::ElementsAre;

class Reader : public testing::Test {
 protected:
  std::filesystem::path put(std::string_view content, const std::string& name = "t.tsv") {
    return test::put(directory_, name, content);
  }
  test::Table read(std::string_view content, const std::string& name = "t.tsv", TableFormat format = {}) {
    return test::read_table(put(content, name), format);
  }
  // The hint of the InputError that reading `content` ends in; its message must contain `part`.
  std::string hint_of_error(std::string_view content, const std::string& part,
                            const std::string& name = "t.tsv") {
    try {
      (void)read(content, name);
      ADD_FAILURE() << "no error";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
      return error.hint();
    }
    return {};
  }

  test::TemporaryDirectory directory_;
};

TEST_F(Reader, SplitsAtTabs) {
  const test::Table table = read("id\ttext\tlabel\n1\ta, b\tx\n2\t\ty\n");
  EXPECT_THAT(table.header, ElementsAre("id", "text", "label"));
  EXPECT_EQ(table.rows, (Rows{{"1", "a, b", "x"}, {"2", "", "y"}}));
  EXPECT_THAT(table.lines, ElementsAre(2, 3));
}

TEST_F(Reader, SplitsCsvAtCommasByItsExtension) {
  for (const char* name : {"t.csv", "t.CSV", "t.csv.gz", "t.csv.xz", "t.csv.GZ"}) {
    EXPECT_EQ(read("id,text\n1,a\tb\n", name).rows, (Rows{{"1", "a\tb"}})) << name;
  }
  for (const char* name : {"t.tsv", "t.txt", "csv", "t.csv.bak", "t.tsv.gz"}) {
    EXPECT_EQ(read("id\ttext\n1\ta,b\n", name).rows, (Rows{{"1", "a,b"}})) << name;
  }
}

TEST_F(Reader, TakesAnotherDelimiterWhenAskedTo) {
  EXPECT_EQ(read("id;text\n1;\"a;b\"\n", "t.csv", {.delimiter = ';'}).rows, (Rows{{"1", "a;b"}}));
  EXPECT_ERROR((void)read("a\n1\n", "t.tsv", {.delimiter = '"'}), InputError, "cannot delimit");
}

// The contract's rule, case by case: a field (between "1\t" and "\tz") and what it reads as.
struct QuotingCase {
  const char* field;
  const char* value;
};

const std::vector<QuotingCase> kQuotingCases = {
    QuotingCase{"plain", "plain"}, QuotingCase{R"("a b")", "a b"}, QuotingCase{R"("")", ""},
    QuotingCase{R"("""")", R"(")"}, QuotingCase{R"("""""")", R"("")"},
    QuotingCase{R"("a ""b"" c")", R"(a "b" c)"}, QuotingCase{R"("""a""")", R"("a")"},
    QuotingCase{R"("B\""uchi")", R"(B\"uchi)"}, QuotingCase{"\"two\nlines\"", "two\nlines"},
    QuotingCase{"\"two\r\nlines\"", "two\r\nlines"}, QuotingCase{"\"\n\"", "\n"},
    QuotingCase{"\"a\n\"\"b\"\"\nc\"", "a\n\"b\"\nc"}, QuotingCase{"\"a\tb\"", "a\tb"},
    QuotingCase{"\"a\tb \"c\" d\"", "a\tb \"c\" d"}, QuotingCase{R"( "a")", R"( "a")"},
    QuotingCase{R"(a"b)", R"(a"b)"}, QuotingCase{R"(a "b")", R"(a "b")"}, QuotingCase{R"(a "")", R"(a "")"},
    QuotingCase{R"(6" pipe)", R"(6" pipe)"},
    // No quote stands right before the delimiter: not quoted, whatever follows.
    QuotingCase{R"("Deep" learning)", R"("Deep" learning)"}, QuotingCase{R"("a" "b" c)", R"("a" "b" c)"},
    QuotingCase{R"("a" )", R"("a" )"}, QuotingCase{R"(""a"" b)", R"(""a"" b)"},
    // One does: quoted, and quotes that close nothing are characters.
    QuotingCase{R"("a "b" c")", R"(a "b" c)"}, QuotingCase{R"("a" "b")", R"(a" "b)"},
    QuotingCase{R"("a "b")", R"(a "b)"}};

// Those that no delimiter cuts when quotes mean nothing.
std::vector<QuotingCase> cases_in_one_piece() {
  std::vector<QuotingCase> cases;
  std::ranges::copy_if(kQuotingCases, std::back_inserter(cases), [](const QuotingCase& one) {
    return std::string_view(one.field).find_first_of("\t\n") == std::string_view::npos;
  });
  return cases;
}

// For a test's name: q for a quote, other signs by the letter that escapes them.
std::string spelt_out(std::string_view field) {
  std::string name;
  for (const char c : field) {
    name += c == '"' ? 'q' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c;
    if (std::isalnum(static_cast<unsigned char>(name.back())) == 0) name.back() = '_';
  }
  return name;
}

class Quoting : public Reader, public testing::WithParamInterface<QuotingCase> {};

TEST_P(Quoting, ReadsAFieldInTheMiddle) {
  EXPECT_EQ(read(fmt::format("a\tb\tc\n1\t{}\tz\nnext\trow\there\n", GetParam().field)).rows,
            (Rows{{"1", GetParam().value, "z"}, {"next", "row", "here"}}));
}

TEST_P(Quoting, ReadsAFieldAtTheEndOfALine) {
  EXPECT_EQ(read(fmt::format("a\tb\n1\t{}\nnext\trow\n", GetParam().field)).rows,
            (Rows{{"1", GetParam().value}, {"next", "row"}}));
}

TEST_P(Quoting, ReadsAFieldBeforeCrlf) {
  EXPECT_EQ(read(fmt::format("a\tb\r\n1\t{}\r\nnext\trow\r\n", GetParam().field)).rows,
            (Rows{{"1", GetParam().value}, {"next", "row"}}));
}

TEST_P(Quoting, ReadsAFieldAtTheEndOfTheFile) {
  EXPECT_EQ(read(fmt::format("a\tb\n1\t{}", GetParam().field)).rows, (Rows{{"1", GetParam().value}}));
}

TEST_P(Quoting, ReadsAFieldAtTheStartOfALine) {
  EXPECT_EQ(read(fmt::format("a\tb\n{}\tz\n", GetParam().field)).rows, (Rows{{GetParam().value, "z"}}));
}

TEST_P(Quoting, ReadsAFieldOfCsv) {
  EXPECT_EQ(read(fmt::format("a,b,c\n1,{},z\n", GetParam().field), "t.csv").rows,
            (Rows{{"1", GetParam().value, "z"}}));
}

class NoQuoting : public Quoting {};

TEST_P(NoQuoting, TakesQuotesAsTheyAre) {
  EXPECT_EQ(read(fmt::format("a\tb\tc\n1\t{}\tz\n", GetParam().field), "t.tsv",
                 {.quoting = TableFormat::Quoting::none, .delimiter = {}})
                .rows,
            (Rows{{"1", GetParam().field, "z"}}));
}

INSTANTIATE_TEST_SUITE_P(Cases, Quoting, testing::ValuesIn(kQuotingCases),
                         [](const auto& one) { return spelt_out(one.param.field); });
INSTANTIATE_TEST_SUITE_P(Cases, NoQuoting, testing::ValuesIn(cases_in_one_piece()),
                         [](const auto& one) { return spelt_out(one.param.field); });

TEST_F(Reader, AnUnquotedTitleDoesNotSwallowTheRowsAfterIt) {
  EXPECT_EQ(read("title\tlabel\n\"Deep\" learning\tA\nplain\tB\nsaid \"so\"\tC\n\"Big\" \"data\"\tD\n").rows,
            (Rows{{"\"Deep\" learning", "A"}, {"plain", "B"}, {"said \"so\"", "C"}, {"Big\" \"data", "D"}}));
}

TEST_F(Reader, AnUnclosedQuoteNamesTheLineItOpenedOn) {
  const std::string content = "a\tb\n1\tfine\n2\t\"open\n3\tfine \"quoted\" word\n4\tfine\n";
  EXPECT_THAT(hint_of_error(content, "t.tsv:3: a quote opens here and is never closed"),
              testing::HasSubstr("--quoting none"));
  EXPECT_EQ(read(content, "t.tsv", {.quoting = TableFormat::Quoting::none, .delimiter = {}}).rows.size(), 4U);
  EXPECT_THAT(hint_of_error("a\tb\n1\t\"", "t.tsv:2: a quote opens"), testing::HasSubstr("--quoting none"));
  EXPECT_THAT(hint_of_error("a\tb\n1\t\"\"\"\n", "t.tsv:2: a quote opens"),
              testing::HasSubstr("--quoting none"));
  EXPECT_THAT(hint_of_error("a\t\"b\n1\t2\n", "t.tsv:1: a quote opens"),
              testing::HasSubstr("--quoting none"));
  (void)hint_of_error("a\tb\n\"x\ny\"\t\"open\n", "t.tsv:3: a quote opens");
}

TEST_F(Reader, AnUnclosedQuoteInAHugeFileEndsAtALimit) {
  std::string content = "a\tb\n1\tfine\n2\t\"open\n";
  const std::string line = std::string(1000, 'x') + "\ty\n";
  while (content.size() < kMaxRowBytes + (std::size_t{1} << 20)) content += line;
  content += "3\tend\"\n";
  EXPECT_THAT(hint_of_error(content, "t.tsv:3: a quote opens here and is not closed within 64 MiB"),
              testing::HasSubstr("--quoting none"));
}

TEST_F(Reader, ALineWithoutEndStopsAtALimit) {
  std::string content = "a\tb\n1\t";
  content.append(kMaxRowBytes + 1, 'x');
  (void)hint_of_error(content, "t.tsv:2: the line is longer than 64 MiB");
}

TEST_F(Reader, RowsThatWereReadAheadAreDeliveredOnce) {
  TableReader reader(put("a\tb\n1\tx\n2\tyy\n3\tz\n4\tz\n"));
  EXPECT_EQ(reader.read_ahead(2, 1000).size(), 2U);
  EXPECT_EQ(reader.read_ahead(2, 1000).size(), 2U) << "no more than asked for";
  TableRow row;
  ASSERT_TRUE(reader.next(row));
  EXPECT_THAT(row.fields, ElementsAre("1", "x"));
  EXPECT_EQ(reader.read_ahead(100, 4).size(), 2U) << "as many as hold four bytes";
  EXPECT_EQ(reader.read_ahead(100, 1000).size(), 3U);
  for (int line = 3; line <= 5; ++line) {
    ASSERT_TRUE(reader.next(row));
    EXPECT_EQ(row.line, line);
  }
  EXPECT_FALSE(reader.next(row));
  EXPECT_TRUE(reader.read_ahead(5, 1000).empty());
}

TEST_F(Reader, CountsPhysicalLinesThroughQuotedFields) {
  const test::Table table = read("a\tb\n\"1\n1\n1\"\tx\n2\t\"y\r\ny\"\n\n\n3\tz\n");
  EXPECT_EQ(table.rows, (Rows{{"1\n1\n1", "x"}, {"2", "y\r\ny"}, {"3", "z"}}));
  EXPECT_THAT(table.lines, ElementsAre(2, 5, 9));
  (void)hint_of_error("a\tb\n\"1\n1\n1\"\tx\nonly\n", "t.tsv:5: found 1 field, expected 2 ('a' and 'b')");
}

TEST_F(Reader, TakesCrlfAndLfAndNoneAtTheEnd) {
  const Rows expected = {{"1", "x"}, {"2", "y"}};
  EXPECT_EQ(read("a\tb\r\n1\tx\r\n2\ty\r\n").rows, expected);
  EXPECT_EQ(read("a\tb\r\n1\tx\n2\ty\r\n").rows, expected);
  EXPECT_EQ(read("a\tb\n1\tx\n2\ty").rows, expected);
  EXPECT_THAT(read("a\tb\r\n1\tx\r\n").header, ElementsAre("a", "b"));
}

TEST_F(Reader, ALoneCarriageReturnIsACharacter) {
  EXPECT_EQ(read("a\tb\n1\tx\ry\n2\t\"z\"\r").rows, (Rows{{"1", "x\ry"}, {"2", "\"z\"\r"}}));
}

TEST_F(Reader, SkipsAByteOrderMarkAtTheStartOnly) {
  const test::Table table = read("\uFEFFid\ttext\n\uFEFF1\tx\n");
  EXPECT_THAT(table.header, ElementsAre("id", "text"));
  EXPECT_EQ(table.rows, (Rows{{"\uFEFF1", "x"}}));
  EXPECT_THAT(read("\uFEFF\"id\"\ttext\n1\tx\n").header, ElementsAre("id", "text"));
}

TEST_F(Reader, TrimsNamesOfColumnsButNotFields) {
  const test::Table table = read(" id \t\"text \"\n 1 \t x\n");
  EXPECT_THAT(table.header, ElementsAre("id", "text"));
  EXPECT_EQ(table.rows, (Rows{{" 1 ", " x"}}));
}

TEST_F(Reader, SkipsEmptyLinesInTablesOfSeveralColumns) {
  const test::Table table = read("\n\r\na\tb\n\n1\tx\n\r\n\n2\ty\n\n");
  EXPECT_EQ(table.rows, (Rows{{"1", "x"}, {"2", "y"}}));
  EXPECT_THAT(table.lines, ElementsAre(5, 8));
}

TEST_F(Reader, AnEmptyLineIsAnEmptyFieldInATableOfOneColumn) {
  EXPECT_EQ(read("text\nx\n\ny\n").rows, (Rows{{"x"}, {""}, {"y"}}));
  EXPECT_EQ(read("text\r\n\r\n").rows, (Rows{{""}}));
  EXPECT_TRUE(read("text\n").rows.empty());
}

TEST_F(Reader, RejectsRowsOfAnotherWidth) {
  EXPECT_THAT(
      hint_of_error("a\tb\tc\n1\t2\t3\n4\t5\n", "t.tsv:3: found 2 fields, expected 3 ('a', 'b' and 'c')"),
      testing::HasSubstr("all its fields"));
  EXPECT_THAT(hint_of_error("a,b\n1,2,3\n", "t.csv:2: found 3 fields, expected 2 ('a' and 'b')", "t.csv"),
              testing::HasSubstr("double quotes"));
  EXPECT_THAT(hint_of_error("a\tb\n\"1\t2\n3\t4\"\n", "t.tsv:2: found 1 field, expected 2"),
              testing::HasSubstr("run on to line 3"));
  (void)hint_of_error("a\tb\n1\t2\t\n", "t.tsv:2: found 3 fields, expected 2");
}

TEST_F(Reader, KeepsEmptyFieldsAtBothEnds) {
  EXPECT_EQ(read("a\tb\tc\n\t\t\n\"\"\t\t\"\"\n").rows, (Rows{{"", "", ""}, {"", "", ""}}));
}

TEST_F(Reader, RejectsAnEmptyFile) {
  for (const char* content : {"", "\n", "\r\n\n", "\uFEFF", "\uFEFF\n"}) {
    EXPECT_THAT(hint_of_error(content, "t.tsv' is empty"), testing::HasSubstr("names its columns"));
  }
  (void)hint_of_error("", "is empty", "t.tsv.gz");
  test::write_bytes(directory_ / "nothing.gz", "");
  EXPECT_ERROR((void)test::read_table(directory_ / "nothing.gz"), InputError, "is empty");
}

TEST_F(Reader, AHeaderAloneIsATableWithoutRows) {
  EXPECT_TRUE(read("a\tb\n").rows.empty());
  EXPECT_TRUE(read("a\tb").rows.empty());
}

TEST_F(Reader, RejectsWhatIsNoTableOfText) {
  const auto rejected = [&](std::string_view bytes, const std::string& part) {
    test::write_bytes(directory_ / "t.tsv", bytes);
    EXPECT_ERROR((void)test::read_table(directory_ / "t.tsv"), InputError, part);
  };
  rejected({"\xFF\xFEi\0d\0\n\0", 8}, "UTF-16");
  rejected({"\xFE\xFF\0i\0d\0\n", 8}, "UTF-16");
  rejected({"PK\x03\x04\x14\0\0\0", 8}, "a zip archive or a spreadsheet");
  rejected({"\x28\xB5\x2F\xFD\0\0\0\0", 8}, "zstd");
  rejected("BZh91AY&SY....", "bzip2");
  rejected({"id\0\0\ttext\n", 10}, "NUL");
  EXPECT_ERROR((void)test::read_table(directory_ / "missing.tsv"), InputError, "missing.tsv': No such file");
  EXPECT_ERROR((void)test::read_table(directory_.path()), InputError, "Is a directory");
}

TEST_F(Reader, ReplacesMalformedUtf8AndCountsIt) {
  const auto path = put("id\ttext\n1\tgood é\n2\t\"two\nlin\xE9s\"\n3\t\xFF\xFE and \xC3\n");
  TableReader reader(path);
  TableRow row;
  ASSERT_TRUE(reader.next(row));
  EXPECT_EQ(row.fields[1], "good é");
  EXPECT_EQ(reader.invalid_utf8_count(), 0);
  EXPECT_EQ(reader.first_invalid_utf8_line(), 0);
  ASSERT_TRUE(reader.next(row));
  EXPECT_EQ(row.fields[1], "two\nlin\uFFFDs");
  EXPECT_EQ(reader.invalid_utf8_count(), 1);
  EXPECT_EQ(reader.first_invalid_utf8_line(), 4) << "the physical line, not the row's first";
  ASSERT_TRUE(reader.next(row));
  EXPECT_EQ(row.fields[1], "\uFFFD\uFFFD and \uFFFD");
  EXPECT_EQ(reader.invalid_utf8_count(), 4);
  EXPECT_EQ(reader.first_invalid_utf8_line(), 4);
  EXPECT_FALSE(reader.next(row));
}

TEST_F(Reader, ReplacesMalformedUtf8InTheHeader) {
  TableReader reader(put("id\tt\xE9xt\n1\tx\n"));
  EXPECT_THAT(reader.header(), ElementsAre("id", "t\uFFFDxt"));
  EXPECT_EQ(reader.first_invalid_utf8_line(), 1);
}

TEST_F(Reader, TellsHowFarItIs) {
  const auto path = put("a\tb\n1\tx\n");
  TableReader reader(path);
  EXPECT_EQ(reader.total_bytes(), static_cast<std::int64_t>(std::filesystem::file_size(path)));
  for (TableRow row; reader.next(row);) {
  }
  EXPECT_EQ(reader.bytes_read(), reader.total_bytes());
  EXPECT_EQ(reader.path(), path);
}

TEST_F(Reader, StaysAtTheEndOnceThere) {
  TableReader reader(put("a\tb\n1\tx\n"));
  TableRow row;
  EXPECT_TRUE(reader.next(row));
  EXPECT_FALSE(reader.next(row));
  EXPECT_FALSE(reader.next(row));
}

TEST_F(Reader, CanBeMoved) {
  TableReader first(put("a\tb\n1\tx\n2\ty\n"));
  TableRow row;
  ASSERT_TRUE(first.next(row));
  TableReader second = std::move(first);
  ASSERT_TRUE(second.next(row));
  EXPECT_THAT(row.fields, ElementsAre("2", "y"));
}

// Puts a pipe in place of the standard input while it lives, and fills it byte by byte.
class PipedInput {
 public:
  explicit PipedInput(std::string content) : saved_(::dup(STDIN_FILENO)) {
    int ends[2] = {};
    if (::pipe(ends) != 0) ADD_FAILURE() << "no pipe";
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
    writer_ = std::jthread([content = std::move(content), end = ends[1]] {
      for (const char c : content) {
        if (::write(end, &c, 1) != 1) break;
      }
      ::close(end);
    });
  }
  ~PipedInput() {
    writer_.join();
    ::dup2(saved_, STDIN_FILENO);
    ::close(saved_);
  }
  PipedInput(const PipedInput&) = delete;
  PipedInput& operator=(const PipedInput&) = delete;

 private:
  int saved_;
  std::jthread writer_;
};

TEST_F(Reader, ReadsTheStandardInput) {
  const std::string content = "a\tb\n1\t\"x\ny\"\n2\tz\n";
  for (const char* path : {"-", "/dev/stdin"}) {
    for (const char* name : {"t.tsv", "t.tsv.gz", "t.tsv.xz"}) {
      const PipedInput input(read_file(put(content, name)));
      EXPECT_EQ(test::read_table(path).rows, (Rows{{"1", "x\ny"}, {"2", "z"}})) << path << " " << name;
    }
  }
  const PipedInput input("a\tb\n1\n");
  EXPECT_ERROR((void)test::read_table("-"), InputError, "standard input:2: found 1 field");
}

}  // namespace
}  // namespace quire
