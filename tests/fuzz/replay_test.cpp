// Every fuzz target on its corpus, and for half a second on damaged copies of it. What a fuzzer finds joins
// the corpus. A file whose name begins with "refused" must be refused, any other must be taken.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "fuzz/fuzz.h"
#include "quire/base/files.h"
#include "quire/base/random.h"
#include "support.h"

namespace quire::fuzz {
namespace {

struct Input {
  std::string name, bytes;
};

std::vector<Input> corpus(const std::string& target) {
  std::vector<Input> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(test::fixture("fuzz/corpus/" + target)))
    inputs.push_back({entry.path().filename().string(), read_file(entry.path())});
  std::ranges::sort(inputs, {}, &Input::name);
  return inputs;
}

// Signs that readers of text look for, and numbers that readers of anything stumble over.
constexpr std::string_view kPieces[] = {"\"",
                                        "\t",
                                        "\n",
                                        "\r",
                                        ",",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ":",
                                        "=",
                                        " ",
                                        "0",
                                        "-1",
                                        "1e9",
                                        "nan",
                                        "9223372036854775807",
                                        "18446744073709551616",
                                        "null",
                                        "true",
                                        "[[[[[[[[",
                                        "{\"\":{\"\":",
                                        "\\u0000",
                                        "\\ud800",
                                        "\xEF\xBB\xBF",
                                        "\xff",
                                        "\xe6\x9d",
                                        {"\0\0\0\0\0\0\0\0", 8},
                                        "\xff\xff\xff\xff\xff\xff\xff\xff"};

std::uint32_t below(Random& random, std::size_t limit) {
  return random.below(static_cast<std::uint32_t>(limit));
}

void damage(std::string& bytes, const std::vector<Input>& inputs, Random& random) {
  // Most of what can go wrong stands at the start.
  const std::size_t reach = below(random, 2) == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 400);
  const std::size_t at = below(random, reach + 1);
  switch (below(random, 6)) {
    case 0:
      if (at < bytes.size()) bytes[at] = static_cast<char>(random.next());
      break;
    case 1:
      if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(random, 8)));
      break;
    case 2:
      bytes.erase(at, 1 + below(random, 12));
      break;
    case 3:
      bytes.insert(at, kPieces[below(random, std::size(kPieces))]);
      break;
    case 4: {
      const std::string& other = inputs[below(random, inputs.size())].bytes;
      bytes.insert(at, other.substr(below(random, other.size() + 1), below(random, 60)));
      break;
    }
    default:
      bytes.resize(at);
      break;
  }
}

class Replay : public testing::TestWithParam<std::string> {};

TEST_P(Replay, TheCorpusIsTakenOrRefusedAsItsNamesSay) {
  const std::vector<Input> inputs = corpus(GetParam());
  ASSERT_GE(inputs.size(), 2U);
  for (const Input& input : inputs)
    EXPECT_EQ(takes(targets().at(GetParam()), input.bytes), !input.name.starts_with("refused")) << input.name;
}

TEST_P(Replay, DamageIsTakenOrRefused) {
  const std::vector<Input> inputs = corpus(GetParam());
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  for (std::uint32_t round = 0; std::chrono::steady_clock::now() < end; ++round) {
    Random random(99, Purpose::test, round);
    std::string bytes = inputs[below(random, inputs.size())].bytes;
    for (std::uint32_t count = 1 + below(random, 5); count > 0; --count) damage(bytes, inputs, random);
    SCOPED_TRACE("round " + std::to_string(round));
    EXPECT_NO_THROW((void)takes(targets().at(GetParam()), bytes)) << testing::PrintToString(bytes);
    if (HasFailure()) return;
  }
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const auto& [name, target] : targets()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Replay, testing::ValuesIn(names()), [](const auto& one) { return one.param; });

}  // namespace
}  // namespace quire::fuzz
