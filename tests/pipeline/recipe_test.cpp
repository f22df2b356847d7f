#include "quire/pipeline/recipe.h"

#include "quire/base/error.h"
#include "quire/members/encoder_options.h"
#include "quire/members/linear_options.h"
#include "support.h"

namespace quire::test {
namespace {

TEST(Recipe, ReadsBackWhatItWrote) {
  Recipe recipe;
  recipe.task.train = "/data/a \"b\"\\c.tsv";
  recipe.task.text = {"title", "body text"};
  recipe.task.label = "kind's";
  recipe.task.folds = 3;
  recipe.members.emplace_back("encoder");
  auto& encoder = recipe.members.front().get<EncoderOptions>();
  encoder.learning_rate = 3e-5;
  encoder.max_grad_norm = 2;
  encoder.dropout = 0.25;
  recipe.members.emplace_back("linear");
  recipe.members.back().name = "words";
  check_recipe(recipe);
  const std::string text = write_recipe(recipe);
  Recipe again = read_recipe(text, "/elsewhere/recipe.toml");
  EXPECT_EQ(write_recipe(again), text);
  EXPECT_EQ(again.task.train, recipe.task.train);
  EXPECT_EQ(again.task.text, recipe.task.text);
  EXPECT_EQ(again.task.label, "kind's");
  EXPECT_EQ(again.task.folds, 3);
  ASSERT_EQ(again.members.size(), 2U);
  EXPECT_EQ(again.members.front().get<EncoderOptions>().learning_rate, 3e-5);
  EXPECT_EQ(again.members.front().get<EncoderOptions>().dropout, 0.25);
  EXPECT_EQ(again.members.back().name, "words");
  EXPECT_EQ(again.members.back().get<LinearOptions>().loss, "svm");
}

TEST(Recipe, PathsStartAtItsFolder) {
  const Recipe recipe = read_recipe(
      "[data]\ntrain = 'a.tsv'\ntest = '/b.tsv'\n[[member]]\nmodel = 'm'\nclass_weights = 'balanced'\n",
      "dir/r.toml");
  EXPECT_EQ(recipe.task.train, "dir/a.tsv");
  EXPECT_EQ(recipe.task.test, "/b.tsv");
  MemberOptions member = recipe.members.front();
  EXPECT_EQ(member.get<EncoderOptions>().model, "dir/m");
  EXPECT_EQ(member.get<EncoderOptions>().class_weights, "balanced");
}

TEST(Recipe, LeavesOutWhatDoesNotChangeTheResult) {
  Recipe recipe;
  recipe.members.emplace_back("encoder");
  EXPECT_EQ(write_recipe(recipe).find("save_every"), std::string::npos);
}

void expect_refused(std::string_view text, const std::string& message, const std::string& hint) {
  try {
    Recipe recipe = read_recipe(text, "r.toml");
    FAIL() << "accepted: " << text;
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find(hint), std::string::npos) << error.hint();
  }
}

TEST(Recipe, WhatItDoesNotKnowNamesLineAndNearest) {
  expect_refused("[data]\ntrian = 'a'\n", "r.toml:2: 'trian' is no option of [data]", "train");
  expect_refused("[date]\n", "r.toml:1: 'date' is no section", "data");
  expect_refused("[[member]]\nepoch = 3\n", "r.toml:2: 'epoch'", "epochs");
  expect_refused("[[member]]\ntype = 'linear'\nepochs = 3\n", "r.toml:3: 'epochs'",
                 "--member encoder, fasttext, textcnn");
  expect_refused("[[member]]\ntype = 'lightgmb'\n", "r.toml:2", "did you mean lightgbm?");
  expect_refused("[member]\n", "r.toml:1: 'member' is not a list", "[[member]]");
}

TEST(Recipe, WrongTypeRangeAndBadTomlAreRefused) {
  expect_refused("[[member]]\nepochs = 'three'\n", "r.toml:2: 'epochs' has a value of another type",
                 "a whole number");
  expect_refused("[[member]]\nepochs = 0\n", "r.toml:2: 'epochs' is 0", "from 1");
  expect_refused("[[member]]\nhead = 'standart'\n", "r.toml:2: 'head' is 'standart'", "standard");
  expect_refused("[folds]\ncount = \n", "r.toml:2", "TOML");
}

TEST(Recipe, FormatsOfOtherTimesAreRefusedByTheirNumber) {
  expect_refused("format = 2\n", "r.toml:1: the recipe has format 2; this Quire reads up to 1", "newer");
  expect_refused("file = 'a.tsv'\nmember = 'encoder'\n", "before recipes had a format number", "train again");
}

TEST(Recipe, DifferencesNameTheOptionAndBothValues) {
  Recipe before;
  before.members.emplace_back("encoder");
  Recipe now = before;
  EXPECT_TRUE(recipe_differences(before, now).empty());
  now.members.front().get<EncoderOptions>().epochs = 5;
  before.members.front().get<EncoderOptions>().model = "here";
  now.members.front().get<EncoderOptions>().model = "elsewhere";
  now.members.front().get<EncoderOptions>().class_weights = "balanced";
  now.task.folds = 3;
  EXPECT_EQ(recipe_differences(before, now),
            (std::vector<std::string>{"--folds was 5 and is 3", "--epochs was 3 and is 5",
                                      "--class-weights was 'none' and is 'balanced'"}));
}

}  // namespace
}  // namespace quire::test
