#include "quire/pipeline/tokenize.h"

#include <algorithm>
#include <sstream>

#include "quire/base/error.h"
#include "support.h"

namespace quire::test {
namespace {

std::string tokenize(const std::string& text, const TokenizeOptions& options = {}) {
  const auto tokenizer = load_tokenizer(fixture("golden/encoder/bert/model"));
  std::istringstream in(text);
  std::ostringstream out;
  tokenize_lines(*tokenizer, in, "lines", out, options, {});
  return out.str();
}

TEST(TokenizeLines, WritesALineForEachLine) {
  const std::string out = tokenize("a\n\nb");
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 3);
  EXPECT_TRUE(out.starts_with("{\"ids\":["));
}

TEST(TokenizeLines, PairsNeedATab) {
  EXPECT_NE(tokenize("a\tb\n", {.pair = true, .max_length = 0}).find(",1]"), std::string::npos);
  EXPECT_ERROR((void)tokenize("a\tb\nc\n", {.pair = true, .max_length = 0}), InputError, "lines:2");
}

}  // namespace
}  // namespace quire::test
