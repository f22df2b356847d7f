#include "members/shared/word_vectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "members/fasttext/fasttext.h"
#include "members/textcnn/textcnn_vocabulary.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "support.h"

namespace quire::test {
namespace {

using testing::ElementsAre;

class WordVectorsFile : public testing::Test {
 protected:
  std::filesystem::path put(std::string_view content) {
    write_file_atomically(directory_ / "x.vec", content);
    return directory_ / "x.vec";
  }
  void expect_refused(std::string_view content, std::string_view part) {
    const auto path = put(content);
    EXPECT_ERROR((void)check_word_vectors(path), InputError, part);
    FasttextOptions options;
    options.pretrained_vectors = path;
    EXPECT_ERROR((void)make_fasttext(options, {}), InputError, part);
  }
  TemporaryDirectory directory_;
};

TEST_F(WordVectorsFile, GivesTheVectorsOfTheWordsThatAreAskedFor) {
  const auto path = put("3 2\nof 1 -2.5\nthe 3e-2 +4 \r\n\u00E9t\u00E9\t5 1e-50\n\n");
  EXPECT_EQ(check_word_vectors(path), 2);
  std::vector<float> table(8, 9.0F);
  EXPECT_EQ(read_word_vectors(path, {"", "the", "none", "\u00E9t\u00E9"}, 2, table), 2);
  EXPECT_THAT(table, ElementsAre(9.0F, 9.0F, 0.03F, 4.0F, 9.0F, 9.0F, 5.0F, 0.0F));
}

TEST_F(WordVectorsFile, ANumberThatIsNoneIsRefusedWithItsLine) {
  expect_refused("2 2\ncat 1 2\ndog nan 3\n", "x.vec:3: 'nan' in the vector of 'dog' is not a finite number");
  expect_refused("2 2\ncat 1 2\ndog 3 -inf\n", "x.vec:3: '-inf'");
  expect_refused("2 2\ncat 1,5 2\nbank 4 5\n", "x.vec:2: '1,5' in the vector of 'cat'");
  expect_refused("2 2\ncat 1 2\nbank 4 1e99\n", "x.vec:3: '1e99'");
  expect_refused("2 2\ncat 1 2\nbank four 5\n", "x.vec:3: 'four'");
}

TEST_F(WordVectorsFile, ALineOfAnotherWidthIsRefused) {
  expect_refused("2 2\ncat 1 2\nbank 4\n", "x.vec:3: expected a word and 2 numbers, found 2 fields");
  expect_refused("2 2\ncat 1 2 3\nbank 4 5\n", "x.vec:2: expected a word and 2 numbers, found 4 fields");
  expect_refused("2 2\n\ncat 1 2\n", "x.vec:2: expected a word and 2 numbers, found 0 fields");
}

TEST_F(WordVectorsFile, AsManyWordsAsPromisedMustBeThere) {
  expect_refused("9 2\ncat 1 2\nbank 4 5\n", "x.vec:3: the file ends after 2 of 9 words");
  expect_refused("1 2\ncat 1 2\nbank 4 5\n", "x.vec:3: word 2 of 1 that the first line promises");
  expect_refused("2 2\n", "x.vec:1: the file ends after 0 of 2 words");
}

TEST_F(WordVectorsFile, TheFirstLineHoldsTwoNumbers) {
  for (const char* first : {"", "cat 1 2", "2", "0 2", "2 0", "2 2 2", "\uFEFF2 2"})
    expect_refused(std::string(first) + "\ncat 1 2\nbank 4 5\n", "x.vec:1: '");
  EXPECT_ERROR((void)check_word_vectors(directory_ / "none.vec"), InputError, "none.vec");
}

// Of a tokenizer's tokens those that a whole word becomes.
TEST(TextcnnWords, OfATokenizerAreTheTokensThatAreWords) {
  const auto words_of = [](const char* directory) {
    const std::shared_ptr<const Tokenizer> tokenizer = load_tokenizer(fixture(directory));
    const std::vector<std::string> words = TextcnnVocabulary::of_tokens(tokenizer).words();
    EXPECT_EQ(words.size(), tokenizer->vocabulary_size());
    int found = 0;
    for (std::size_t id = 0; id < words.size(); ++id) {
      if (words[id].empty()) continue;
      ++found;
      const std::string_view token = tokenizer->token_of(static_cast<std::int32_t>(id));
      EXPECT_TRUE(token == words[id] || token == "\u0120" + words[id]) << token;
      EXPECT_FALSE(token.starts_with("##")) << token;
      EXPECT_FALSE(tokenizer->is_special(static_cast<std::int32_t>(id))) << token;
    }
    return found;
  };
  EXPECT_GT(words_of("golden/encoder/bert/model"), 20);
  EXPECT_GT(words_of("golden/encoder/roberta/model"), 20);
}

}  // namespace
}  // namespace quire::test
