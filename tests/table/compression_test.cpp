#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "quire/base/error.h"
#include "quire/base/random.h"
#include "quire/table/writer.h"
#include "table_support.h"

namespace quire {
namespace {

using test::Rows;

// A table of `rows` rows whose words are drawn at random, so that it does not vanish compressed.
std::string random_table(int rows) {
  Random random(11, Purpose::test);
  std::string content = "id\ttext\n";
  for (int i = 0; i < rows; ++i) {
    content += fmt::format("{}\t", i);
    for (int word = 0; word < 20; ++word) content += fmt::format("w{} ", random.below(5000));
    content += "\n";
  }
  return content;
}

class Compression : public testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] std::string name(const std::string& stem) const { return stem + GetParam(); }
  std::string compressed(std::string_view content) {
    return read_file(test::put(directory_, name("part"), content));
  }
  std::filesystem::path put(const std::string& file, std::string_view bytes) {
    test::write_bytes(directory_ / file, bytes);
    return directory_ / file;
  }

  test::TemporaryDirectory directory_;
};

TEST_P(Compression, MakesNoDifference) {
  const std::string content = random_table(20000);
  const auto plain = test::read_table(test::put(directory_, "t.tsv", content));
  const auto path = test::put(directory_, name("t.tsv"), content);
  EXPECT_LT(std::filesystem::file_size(path), content.size() / 2) << "nothing was compressed";
  const auto packed = test::read_table(path);
  EXPECT_EQ(packed.header, plain.header);
  EXPECT_EQ(packed.rows, plain.rows);
  EXPECT_EQ(packed.lines, plain.lines);
}

TEST_P(Compression, IsToldByContent) {
  const std::string bytes = compressed("a\tb\n1\tx\n");
  EXPECT_EQ(test::read_table(put("t.tsv", bytes)).rows, (Rows{{"1", "x"}}));
  EXPECT_EQ(test::read_table(put("t.tsv.gz", bytes)).rows, (Rows{{"1", "x"}}));
  EXPECT_EQ(test::read_table(put("t.tsv.xz", bytes)).rows, (Rows{{"1", "x"}}));
}

TEST_P(Compression, ANameThatPromisesItIsHeldToIt) {
  EXPECT_ERROR((void)test::read_table(put(name("t.tsv"), "a\tb\n1\tx\n")), InputError,
               "does not start as such");
}

TEST_P(Compression, ReadsSeveralPartsAsOne) {
  const std::string bytes =
      compressed("a\tb\n1\tx\n2") + compressed("") + compressed("\ty\n") + compressed("3\tz\n");
  EXPECT_EQ(test::read_table(put(name("t.tsv"), bytes)).rows, (Rows{{"1", "x"}, {"2", "y"}, {"3", "z"}}));
}

TEST_P(Compression, EveryTruncationIsAnErrorThatNamesTheFile) {
  const std::string bytes = compressed(random_table(20));
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    try {
      (void)test::read_table(put(name("cut.tsv"), bytes.substr(0, size)));
      ADD_FAILURE() << "read " << size << " of " << bytes.size() << " bytes without an error";
    } catch (const InputError& error) {
      ASSERT_NE(std::string(error.what()).find(name("cut.tsv")), std::string::npos) << error.what();
    }
  }
  EXPECT_ERROR((void)test::read_table(put(name("cut.tsv"), bytes.substr(0, bytes.size() / 2))), InputError,
               "is cut off: its compressed data ends too early");
}

TEST_P(Compression, DamageIsAnErrorOrChangesNothing) {
  const std::string content = random_table(20);
  const std::string bytes = compressed(content);
  const auto expected = test::read_table(put("plain.tsv", content));
  int errors = 0;
  for (std::size_t place = 0; place < bytes.size(); ++place) {
    std::string damaged = bytes;
    damaged[place] = static_cast<char>(damaged[place] ^ 0x10);
    try {
      // A few bytes of gzip's header (its time, its system) carry nothing.
      EXPECT_EQ(test::read_table(put(name("t.tsv"), damaged)).rows, expected.rows) << place;
    } catch (const InputError&) {
      ++errors;
    }
  }
  EXPECT_GE(errors, static_cast<int>(bytes.size()) - 10);
}

TEST_P(Compression, SomethingElseBehindTheDataIsAnError) {
  const std::string bytes = compressed("a\tb\n1\tx\n");
  EXPECT_ERROR((void)test::read_table(put(name("t.tsv"), bytes + "garbage behind it")), InputError,
               "is damaged");
}

TEST_P(Compression, ReportsProgressInBytesOfTheFile) {
  const auto path = test::put(directory_, name("t.tsv"), random_table(5000));
  TableReader reader(path);
  for (TableRow row; reader.next(row);) {
  }
  EXPECT_EQ(reader.total_bytes(), static_cast<std::int64_t>(std::filesystem::file_size(path)));
  EXPECT_EQ(reader.bytes_read(), reader.total_bytes());
}

INSTANTIATE_TEST_SUITE_P(Formats, Compression, testing::Values(".gz", ".xz"),
                         [](const auto& ending) { return std::string(ending.param).substr(1); });

TEST(Gzip, ZerosMayFollowTheData) {
  const test::TemporaryDirectory directory;
  const std::string bytes = read_file(test::put(directory, "t.tsv.gz", "a\tb\n1\tx\n"));
  test::write_bytes(directory / "padded.tsv.gz", bytes + std::string(1000, '\0'));
  EXPECT_EQ(test::read_table(directory / "padded.tsv.gz").rows, (Rows{{"1", "x"}}));
}

// Made by gzip 1.12 and xz 5.4.1: `gzip -c`, `xz -c`, twice each, one after the other.
TEST(Corpus, ReadsFilesOfTheUsualTools) {
  const Rows expected = {{"1", "erste Zeile\nzweite", "a"}, {"2", "say \"so\"", "b"}, {"3", "naïve", "a"}};
  EXPECT_EQ(test::read_table(test::fixture("fuzz/corpus/table/two_parts.tsv.gz")).rows, expected);
  EXPECT_EQ(test::read_table(test::fixture("fuzz/corpus/table/two_parts.tsv.xz")).rows, expected);
}

std::int64_t peak_memory_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") {
      std::int64_t size = 0;
      status >> size;
      return size;
    }
  }
  return 0;
}

TEST(Streaming, MemoryStaysFlatWhateverTheSizeOfTheFile) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  QUIRE_SKIP("flat memory", "sanitizers hold on to it");
#endif
  constexpr int kRows = 150000;
  const test::TemporaryDirectory directory;
  const std::vector<std::string> header = {"id", "text"};
  TableWriter writer(directory / "large.tsv.gz", header);
  std::vector<std::string> fields = {"", std::string(1000, 'x')};
  for (int i = 0; i < kRows; ++i) {
    fields[0] = std::to_string(i);
    writer.write(fields);
  }
  writer.commit();
  TableReader reader(directory / "large.tsv.gz");
  TableRow row;
  ASSERT_TRUE(reader.next(row));
  const std::int64_t before = peak_memory_kib();
  ASSERT_GT(before, 0);
  std::int64_t rows = 1;
  std::int64_t bytes = 0;
  for (; reader.next(row); ++rows) bytes += static_cast<std::int64_t>(row.fields[1].size());
  EXPECT_EQ(rows, kRows);
  EXPECT_GT(bytes, 100 << 20);
  EXPECT_LT(peak_memory_kib() - before, 4 << 10) << "KiB more at the end than after the first row";
}

}  // namespace
}  // namespace quire
