// Recipes of several members: combined, resumed, predicted from. Members that need no libtorch.
#include <algorithm>
#include <cmath>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/random.h"
#include "quire/members/fasttext_options.h"
#include "quire/members/linear_options.h"
#include "quire/pipeline/predictor.h"
#include "quire/pipeline/run.h"
#include "support.h"

namespace quire::test {
namespace {

namespace fs = std::filesystem;

// Two of the words of a text tell its class, in noise; or nothing does, with labels by the toss of a coin.
std::string table(int rows, bool tosses, std::uint64_t seed) {
  Random random(seed, Purpose::test);
  const std::vector<std::string> words = {"heron light", "squid sea", "tea leaf"};
  std::string text = "id\ttext\tlabel\n";
  for (int row = 0; row < rows; ++row) {
    const std::uint32_t label = random.below(3);
    const std::uint32_t shown = random.below(10) < 7 ? label : random.below(3);
    text += std::to_string(row) + "\t" + words[shown];
    for (int i = 0; i < 6; ++i) text += " noise" + std::to_string(random.below(60));
    text += "\tclass " + std::to_string(tosses ? random.below(3) : label) + "\n";
  }
  return text;
}

class Combine : public testing::Test {
 protected:
  Combine() {
    write_file_atomically(directory_ / "train.tsv", table(300, false, 1));
    write_file_atomically(directory_ / "test.tsv", table(60, false, 2));
  }
  [[nodiscard]] RunOptions options(const std::string& name) const {
    RunOptions o;
    o.recipe.task.train = directory_ / "train.tsv";
    o.recipe.task.test = directory_ / "test.tsv";
    o.recipe.task.holdout = directory_ / "test.tsv";
    o.recipe.task.folds = 3;
    o.recipe.output.submission = "submission.csv";
    o.output = directory_ / name;
    o.combine = true;
    for (const char* kind : {"linear", "linear", "fasttext"}) o.recipe.members.emplace_back(kind);
    o.recipe.members[0].name = "svm";
    o.recipe.members[0].get<LinearOptions>().c = 1;
    o.recipe.members[1].name = "logistic";
    o.recipe.members[1].get<LinearOptions>().loss = "logistic";
    o.recipe.members[1].get<LinearOptions>().c = 10;
    o.recipe.members[2].get<FasttextOptions>().epochs = 5;
    return o;
  }
  TemporaryDirectory directory_;
};

TEST_F(Combine, WritesWhatPeopleLookAtAndPredictsWithTheChosenMethod) {
  const RunSummary summary = train_run(options("run"), {});
  EXPECT_EQ(summary.members.size(), 3U);
  EXPECT_EQ(summary.leaderboard.size(), 3U + 8U);
  for (const char* name :
       {"leaderboard.tsv", "oof.tsv", "suspects.tsv", "coverage.tsv", "predictions.tsv", "submission.csv",
        "ensemble/stack.json", "ensemble/greedy/oof.npy", "ensemble/mean/test.npy",
        "ensemble/vote/holdout.npy", "members/svm/holdout.npy"}) {
    EXPECT_TRUE(fs::exists(directory_ / "run" / name)) << name;
  }
  const Predictor predictor(directory_ / "run", {}, {});
  PredictOptions p;
  p.output = directory_ / "out.tsv";
  p.probabilities = directory_ / "p.npy";
  EXPECT_EQ(predict_table(predictor, directory_ / "test.tsv", p, {}), 60);
  const Matrix found = read_npy(directory_ / "p.npy");
  const Matrix expected = read_npy(directory_ / "run/ensemble" / summary.chosen / "test.npy");
  ASSERT_EQ(found.values.size(), expected.values.size());
  for (std::size_t i = 0; i < found.values.size(); ++i)
    EXPECT_NEAR(found.values[i], expected.values[i], 1e-5F);

  Predictor::Options one;
  one.member = "svm";
  EXPECT_EQ(Predictor(directory_ / "run", one, {}).size(), 3U);  // its folds
  one.member = "smv";
  EXPECT_ERROR(Predictor(directory_ / "run", one, {}), InputError, "has no member 'smv'");
}

// What a fold's rows are answered by has not seen them, in the members and in their combination.
TEST_F(Combine, CoinTossesGiveChanceByEveryMethod) {
  RunOptions o = options("run");
  write_file_atomically(directory_ / "train.tsv", table(600, true, 3));
  const RunSummary summary = train_run(o, {});
  for (const LeaderboardRow& row : summary.leaderboard) {
    // A third, and four standard deviations of a proportion of 600.
    EXPECT_NEAR(row.oof.accuracy, 1.0 / 3, 4 * std::sqrt(2.0 / 9 / 600)) << row.name;
  }
}

TEST_F(Combine, AMemberThatChangedIsMadeAnewAndNothingElse) {
  RunOptions o = options("run");
  train_run(o, {});
  const auto made = [&](const std::string& name) {
    return fs::last_write_time(directory_ / "run/members" / name / "fold-0/stage.json");
  };
  const auto svm = made("svm");
  const auto logistic = made("logistic");
  o.resume = true;
  o.recipe.members[1].get<LinearOptions>().c = 1;
  o.recipe.members.pop_back();
  const RunSummary summary = train_run(o, {});
  EXPECT_EQ(made("svm"), svm);
  EXPECT_NE(made("logistic"), logistic);
  EXPECT_FALSE(fs::exists(directory_ / "run/members/fasttext"));
  EXPECT_EQ(summary.members.size(), 2U);

  // The same as a run that never had another recipe.
  o.resume = false;
  o.output = directory_ / "fresh";
  train_run(o, {});
  for (const char* name : {"ensemble/stack/oof.npy", "ensemble/stack.json", "leaderboard.tsv"}) {
    if (std::string(name) == "leaderboard.tsv") continue;  // it holds seconds
    EXPECT_EQ(read_file(directory_ / "run" / name), read_file(directory_ / "fresh" / name)) << name;
  }

  o.output = directory_ / "run";
  o.resume = true;
  o.recipe.task.folds = 4;
  EXPECT_ERROR(train_run(o, {}), InputError, "--folds was 3 and is 4");
}

TEST_F(Combine, RepeatedMembersHaveSeedsOfTheirOwn) {
  RunOptions o = options("run");
  o.recipe.members.erase(o.recipe.members.begin(), o.recipe.members.begin() + 2);
  o.recipe.members[0].repeat = 2;
  const RunSummary summary = train_run(o, {});
  ASSERT_EQ(summary.members.size(), 2U);
  EXPECT_EQ(summary.members[1].name, "fasttext-2");
  EXPECT_NE(read_file(directory_ / "run/members/fasttext-1/oof.npy"),
            read_file(directory_ / "run/members/fasttext-2/oof.npy"));
}

TEST_F(Combine, WhatDoesNotExistIsRefusedBeforeAnyWork) {
  RunOptions o = options("run");
  o.recipe.ensemble.methods = {"mean", "stak"};
  EXPECT_ERROR(train_run(o, {}), InputError, "'stak', which is no method");
  o = options("run");
  o.recipe.ensemble.choose = "bestmember";
  EXPECT_ERROR(train_run(o, {}), InputError, "'bestmember', which is no method");
  o = options("run");
  o.recipe.task.test.clear();
  EXPECT_ERROR(train_run(o, {}), InputError, "there is no test table");
  EXPECT_FALSE(fs::exists(directory_ / "run"));
}

TEST(SetValue, ChangesWhatItsPathNames) {
  Recipe recipe;
  recipe.members.emplace_back("linear");
  set_value(recipe, "folds.count=3");
  set_value(recipe, "member.linear.c=0.5");
  set_value(recipe, "member.linear.loss=logistic");
  set_value(recipe, "ensemble.methods=[\"mean\"]");
  EXPECT_EQ(recipe.task.folds, 3);
  EXPECT_EQ(recipe.members[0].get<LinearOptions>().c, 0.5);
  EXPECT_EQ(recipe.members[0].get<LinearOptions>().loss, "logistic");
  EXPECT_EQ(recipe.ensemble.methods, std::vector<std::string>{"mean"});
  EXPECT_ERROR(set_value(recipe, "member.linaer.c=1"), InputError, "no member is called 'linaer'");
  EXPECT_ERROR(set_value(recipe, "member.linear.epochs=1"), InputError, "'epochs' is no option");
  EXPECT_ERROR(set_value(recipe, "fold.count=1"), InputError, "names no section");
  EXPECT_ERROR(set_value(recipe, "folds"), InputError, "sets nothing");
}

}  // namespace
}  // namespace quire::test
