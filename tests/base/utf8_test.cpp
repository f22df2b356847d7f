#include "quire/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

#include "quire/base/random.h"

namespace quire {
namespace {

std::u32string decode_all(std::string_view text) {
  std::u32string result;
  for (std::size_t position = 0; position < text.size();) result.push_back(decode_utf8(text, position));
  return result;
}

TEST(Utf8, DecodesWhatItEncodesForEveryCodePoint) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, c);
    std::size_t position = 0;
    ASSERT_EQ(decode_utf8(text, position), c);
    ASSERT_EQ(position, text.size());
    ASSERT_EQ(repair_utf8(text), 0U);
  }
}

// The Unicode Standard 15.0, section 3.9, tables 3-8 to 3-11.
TEST(Utf8, ReplacesMaximalSubpartsLikeTheStandard) {
  EXPECT_EQ(decode_all("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
            U"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA");
  EXPECT_EQ(decode_all("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
            U"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA");
  EXPECT_EQ(decode_all("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
            U"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA\uFFFD\uFFFDB");
  EXPECT_EQ(decode_all("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), U"\uFFFD\uFFFD\uFFFD\uFFFDA");
}

TEST(Utf8, RepairsInPlaceAndCounts) {
  std::string text = "caf\xE9 and \xE2\x82";
  EXPECT_EQ(repair_utf8(text), 2U);
  EXPECT_EQ(text, "caf\uFFFD and \uFFFD");
  EXPECT_EQ(repair_utf8(text), 0U);
  std::string empty;
  EXPECT_EQ(repair_utf8(empty), 0U);
}

TEST(Utf8, RepairingRandomBytesLeavesValidText) {
  Random random(1, Purpose::test);
  for (int round = 0; round < 20000; ++round) {
    std::string text(random.below(12), '\0');
    for (char& c : text) c = static_cast<char>(random.below(256));
    const std::u32string decoded = decode_all(text);
    std::string repaired = text;
    (void)repair_utf8(repaired);
    ASSERT_EQ(decode_all(repaired), decoded);
    ASSERT_EQ(repair_utf8(repaired), 0U);
  }
}

TEST(Trim, TakesWhiteSpaceOfUnicodeOffBothEnds) {
  EXPECT_EQ(trim("  a b \t\r\n"), "a b");
  EXPECT_EQ(trim("\u00A0\u3000word\u2028\u0085"), "word");
  EXPECT_EQ(trim(" \u2003 "), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\u200Bx"), "\u200Bx") << "a zero width space is no white space";
  EXPECT_EQ(trim("\uFEFFx"), "\uFEFFx");
  EXPECT_EQ(trim("é"), "é");
}

TEST(Trim, LeavesMalformedBytesAlone) {
  EXPECT_EQ(trim(" \x80\x80 "), "\x80\x80");
  EXPECT_EQ(trim("a\u3000\x80"), "a\u3000\x80") << "the last byte belongs to no white space";
  EXPECT_EQ(trim("\xE3\x80"), "\xE3\x80");
}

TEST(Utf8, MalformedBytesAreWrittenOut) {
  EXPECT_EQ(escape_malformed_utf8("caf\xE9 \u00E9"), "caf\\xE9 \u00E9");
  EXPECT_EQ(escape_malformed_utf8("\xE1\x80"), "\\xE1\\x80");
  EXPECT_EQ(escape_malformed_utf8("plain"), "plain");
}

}  // namespace
}  // namespace quire
