#include "quire/text/long_text.h"

#include <numeric>

#include "quire/base/error.h"
#include "support.h"

namespace quire::test {
namespace {

using Strategy = LongText::Strategy;

// Words of the tiny vocabulary, so that a text of n words has n tokens.
class LongTexts : public ::testing::Test {
 protected:
  LongTexts() : tokenizer_(load_tokenizer(fixture("golden/encoder/bert/model"))) {
    for (std::int32_t id = 0; words_.size() < 40; ++id) {
      const std::string_view token = tokenizer_->token_of(id);
      if (token.size() > 2 && token.find_first_of("[#") == std::string_view::npos) words_.emplace_back(token);
    }
  }
  [[nodiscard]] std::string text(std::size_t first, std::size_t count) const {
    std::string text;
    for (std::size_t i = first; i < first + count; ++i) text += words_[i % words_.size()] + " ";
    return text;
  }
  [[nodiscard]] std::vector<std::int32_t> ids(std::size_t first, std::size_t count) const {
    std::vector<std::int32_t> ids;
    tokenizer_->encode_text(text(first, count), ids);
    return ids;
  }
  // [CLS] first [SEP] (second [SEP])
  [[nodiscard]] std::vector<std::int32_t> sequence(
      std::initializer_list<std::vector<std::int32_t>> texts) const {
    std::vector<std::int32_t> all = {tokenizer_->special().cls};
    for (const auto& one : texts) {
      all.insert(all.end(), one.begin(), one.end());
      all.push_back(tokenizer_->special().sep);
    }
    return all;
  }
  [[nodiscard]] static std::vector<std::int32_t> join(std::vector<std::int32_t> a,
                                                      const std::vector<std::int32_t>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  }

  std::unique_ptr<Tokenizer> tokenizer_;
  std::vector<std::string> words_;
};

TEST_F(LongTexts, AWordIsAToken) { ASSERT_EQ(ids(0, 40).size(), 40U); }

TEST_F(LongTexts, ShortTextsAreAsTheTokenizerHasThem) {
  for (const Strategy strategy : {Strategy::head, Strategy::tail, Strategy::head_tail, Strategy::windows}) {
    const auto windows =
        encode_document(*tokenizer_, text(0, 8), text(8, 9), {.strategy = strategy, .max_length = 20});
    ASSERT_EQ(windows.size(), 1U);
    EXPECT_EQ(windows[0].ids, tokenizer_->encode(text(0, 8), text(8, 9)).ids);
    EXPECT_FALSE(windows[0].truncated);
  }
}

TEST_F(LongTexts, HeadIsTheTokenizersOwnTruncation) {
  const auto head = encode_document(*tokenizer_, text(0, 10), text(10, 20), {.max_length = 15});
  EXPECT_EQ(head.at(0).ids, tokenizer_->encode(text(0, 10), text(10, 20), 15).ids);
  EXPECT_TRUE(head.at(0).truncated);
}

TEST_F(LongTexts, TailKeepsTheEnd) {
  const auto tail =
      encode_document(*tokenizer_, text(0, 30), {}, {.strategy = Strategy::tail, .max_length = 12});
  EXPECT_EQ(tail.at(0).ids, sequence({ids(20, 10)}));
}

TEST_F(LongTexts, HeadAndTailSkipTheMiddle) {
  const auto both =
      encode_document(*tokenizer_, text(0, 30), {}, {.strategy = Strategy::head_tail, .max_length = 12});
  EXPECT_EQ(both.at(0).ids, sequence({join(ids(0, 5), ids(25, 5))}));
  // From 256 tokens on the head has its 128.
  const auto longer =
      encode_document(*tokenizer_, text(0, 600), {}, {.strategy = Strategy::head_tail, .max_length = 402});
  EXPECT_EQ(longer.at(0).ids, sequence({join(ids(0, 128), ids(600 - 272, 272))}));
}

TEST_F(LongTexts, ThePairIsCutLongestFirstUnlessTheFirstIsKept) {
  LongText options{.strategy = Strategy::tail, .max_length = 13};
  EXPECT_EQ(encode_document(*tokenizer_, text(0, 8), text(8, 20), options).at(0).ids,
            sequence({ids(3, 5), ids(23, 5)}));
  options.keep_first = true;
  EXPECT_EQ(encode_document(*tokenizer_, text(0, 8), text(8, 20), options).at(0).ids,
            sequence({ids(0, 8), ids(26, 2)}));
}

TEST_F(LongTexts, WindowsCoverTheWholeText) {
  const auto windows =
      encode_document(*tokenizer_, text(0, 25), {}, {.strategy = Strategy::windows, .max_length = 12});
  ASSERT_EQ(windows.size(), 3U);
  EXPECT_EQ(windows[0].ids, sequence({ids(0, 10)}));
  EXPECT_EQ(windows[1].ids, sequence({ids(10, 10)}));
  EXPECT_EQ(windows[2].ids, sequence({ids(20, 5)}));
  EXPECT_FALSE(windows[2].truncated);
}

TEST_F(LongTexts, WindowsOverlapByTheStride) {
  const auto windows = encode_document(*tokenizer_, text(0, 22), {},
                                       {.strategy = Strategy::windows, .max_length = 12, .stride = 6});
  ASSERT_EQ(windows.size(), 3U);
  EXPECT_EQ(windows[1].ids, sequence({ids(6, 10)}));
  EXPECT_EQ(windows[2].ids, sequence({ids(12, 10)}));
}

TEST_F(LongTexts, EachWindowOfAPairRepeatsTheFirstText) {
  const auto windows = encode_document(*tokenizer_, text(0, 3), text(3, 20),
                                       {.strategy = Strategy::windows, .max_length = 13});
  ASSERT_EQ(windows.size(), 3U);
  EXPECT_EQ(windows[1].ids, sequence({ids(0, 3), ids(10, 7)}));
  EXPECT_EQ(windows[2].ids, sequence({ids(0, 3), ids(17, 6)}));
}

TEST_F(LongTexts, WindowsBeyondTheMostAreCutAndSaidToBe) {
  const auto windows = encode_document(*tokenizer_, text(0, 100), {},
                                       {.strategy = Strategy::windows, .max_length = 12, .max_windows = 2});
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_TRUE(windows[1].truncated);
}

TEST_F(LongTexts, ALengthWithoutRoomIsRefused) {
  EXPECT_ERROR((void)encode_document(*tokenizer_, "a", {}, {.max_length = 1}), InputError, "no room");
}

TEST(LongTextNames, AreReadAndWritten) {
  EXPECT_EQ(long_text_name(parse_long_text("head+tail")), "head+tail");
  EXPECT_ERROR((void)parse_long_text("middle"), InputError, "middle");
}

}  // namespace
}  // namespace quire::test
