// Mutates a small corpus for a bounded time. Whatever the bytes, the reader either reads a table
// or throws InputError, and a table that was read can be written and read back.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "quire/base/error.h"
#include "quire/base/random.h"
#include "quire/table/documents.h"
#include "quire/table/writer.h"
#include "table_support.h"

namespace quire {
namespace {

struct Input {
  std::string name;
  std::string bytes;
};

std::vector<Input> corpus() {
  std::vector<Input> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(test::fixture("table/corpus"))) {
    inputs.push_back({entry.path().filename().string(), read_file(entry.path())});
  }
  std::ranges::sort(inputs, {}, &Input::name);
  return inputs;
}

void mutate(std::string& bytes, const std::vector<Input>& inputs, Random& random) {
  static constexpr std::string_view kSpecial = "\"\"\"\t\t\n\n\r,\xEF\xBB\xBF\xFF\xC3\x80 a\0";
  const auto place = [&] { return random.below(static_cast<std::uint32_t>(bytes.size()) + 1); };
  for (std::uint32_t i = 1 + random.below(6); i > 0; --i) {
    const std::size_t at = place();
    switch (random.below(6)) {
      case 0:
        bytes.insert(at, 1, kSpecial[random.below(static_cast<std::uint32_t>(kSpecial.size()))]);
        break;
      case 1:
        if (at < bytes.size())
          bytes[at] = kSpecial[random.below(static_cast<std::uint32_t>(kSpecial.size()))];
        break;
      case 2:
        if (at < bytes.size()) bytes[at] = static_cast<char>(random.below(256));
        break;
      case 3:
        bytes.erase(at, random.below(10));
        break;
      case 4:
        bytes.insert(at, bytes.substr(place(), random.below(40)));
        break;
      default: {
        const std::string& other = inputs[random.below(static_cast<std::uint32_t>(inputs.size()))].bytes;
        bytes.insert(
            at, other.substr(random.below(static_cast<std::uint32_t>(other.size()) + 1), random.below(60)));
        break;
      }
    }
  }
}

// The table, or nothing for an InputError; anything else thrown ends the test.
std::optional<test::Table> try_to_read(const std::filesystem::path& path, TableFormat format = {}) {
  try {
    return test::read_table(path, format);
  } catch (const InputError& error) {
    EXPECT_STRNE(error.what(), "");
    return std::nullopt;
  }
}

void try_documents(const std::filesystem::path& path) {
  try {
    DocumentReader reader(path, {}, LabelColumn::optional, {}, DuplicateIds::warn, {});
    for (Document document; reader.next(document);) {
    }
    reader.finish();
  } catch (const InputError&) {
  }
}

// One input through all that must hold of it.
void check(const Input& input, const test::TemporaryDirectory& directory) {
  const auto path = directory / input.name;
  test::write_bytes(path, input.bytes);
  (void)try_to_read(path, {.quoting = TableFormat::Quoting::none, .delimiter = {}});
  try_documents(path);
  const auto table = try_to_read(path);
  if (input.name.ends_with(".tsv") && !input.bytes.empty() && !input.bytes.starts_with("\x1F\x8B")) {
    // Compression changes where the reads of the file end, and nothing else.
    const auto packed = try_to_read(test::put(directory, input.name + ".gz", input.bytes));
    ASSERT_EQ(table.has_value(), packed.has_value());
    if (table) {
      ASSERT_EQ(table->rows, packed->rows);
      ASSERT_EQ(table->lines, packed->lines);
    }
  }
  if (!table) return;
  const auto copy = directory / (input.name.find(".csv") != std::string::npos ? "copy.csv" : "copy.tsv");
  TableWriter writer(copy, table->header);
  for (const auto& row : table->rows) writer.write(row);
  writer.commit();
  const test::Table again = test::read_table(copy);
  ASSERT_EQ(again.header, table->header);
  ASSERT_EQ(again.rows, table->rows);
}

// Seconds to fuzz for; QUIRE_FUZZ_SECONDS sets another time.
double budget() {
  const char* value = std::getenv("QUIRE_FUZZ_SECONDS");
  return value == nullptr ? 1.5 : std::strtod(value, nullptr);
}

// In memory where that can be had: on a disk most of the time would go into waiting for it.
void prefer_memory() {
  if (::access("/dev/shm", W_OK) == 0) ::setenv("TMPDIR", "/dev/shm", 0);
}

TEST(ReaderFuzz, TheCorpusIsReadAsItIs) {
  prefer_memory();
  const test::TemporaryDirectory directory;
  const std::vector<Input> inputs = corpus();
  ASSERT_GE(inputs.size(), 6U);
  for (const Input& input : inputs) check(input, directory);
}

TEST(ReaderFuzz, MutationsAreReadOrRefused) {
  prefer_memory();
  const test::TemporaryDirectory directory;
  const std::vector<Input> inputs = corpus();
  const auto start = std::chrono::steady_clock::now();
  std::uint32_t round = 0;
  for (; std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < budget();
       ++round) {
    Random random(99, Purpose::test, round);
    Input input = inputs[random.below(static_cast<std::uint32_t>(inputs.size()))];
    mutate(input.bytes, inputs, random);
    check(input, directory);
    if (testing::Test::HasFatalFailure() || testing::Test::HasFailure()) {
      ADD_FAILURE() << "round " << round << " of " << input.name << ": "
                    << testing::PrintToString(input.bytes);
      return;
    }
  }
  RecordProperty("rounds", static_cast<int>(round));
}

}  // namespace
}  // namespace quire
