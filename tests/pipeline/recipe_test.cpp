#include "quire/base/error.h"
#include "quire/pipeline/options.h"
#include "support.h"

namespace quire::test {
namespace {

TEST(Recipe, ReadsBackWhatItWrote) {
  TrainOptions options;
  options.file = "a \"b\"\\c.tsv";
  options.text = {"title", "body text"};
  options.label = "kind";
  options.encoder.learning_rate = 3e-5;
  options.encoder.max_grad_norm = 2;
  options.encoder.dropout = 0.25;
  options.folds = 3;
  const std::string text = write_recipe(options);
  const TrainOptions again = read_recipe(text, "recipe.toml");
  EXPECT_EQ(write_recipe(again), text);
  EXPECT_EQ(again.file, options.file);
  EXPECT_EQ(again.text, options.text);
  EXPECT_EQ(again.encoder.learning_rate, 3e-5);
  EXPECT_EQ(again.encoder.dropout, 0.25);
}

TEST(Recipe, LeavesOutWhatDoesNotChangeTheResult) {
  TrainOptions options;
  options.threads = 7;
  options.resume = true;
  const std::string text = write_recipe(options);
  EXPECT_EQ(text.find("threads"), std::string::npos);
  EXPECT_EQ(text.find("resume"), std::string::npos);
}

TEST(Recipe, UnknownKeyNamesLineAndNearest) {
  try {
    (void)read_recipe("seed = 1\nepoch = 3\n", "r.toml");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("r.toml:2"), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find("epochs"), std::string::npos) << error.hint();
  }
}

TEST(Recipe, WrongTypeAndBadTomlAreRefused) {
  EXPECT_ERROR((void)read_recipe("epochs = \"three\"\n", "r.toml"), InputError, "r.toml:1");
  EXPECT_ERROR((void)read_recipe("epochs = \n", "r.toml"), InputError, "r.toml:1");
}

}  // namespace
}  // namespace quire::test
