#include "members/lightgbm/lightgbm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "members/lightgbm/lightgbm_library.h"
#include "members/lightgbm/lightgbm_parameters.h"
#include "members/members_support.h"
#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire::test {
namespace {

using lightgbm::Booster;
using lightgbm::Dataset;

// The library is optional: scripts/setup --no-lightgbm leaves it out.
class Lightgbm : public testing::Test {
 protected:
  void SetUp() override {
    try {
      lightgbm::load_library();
    } catch (const Error& error) {
      EXPECT_NE(error.hint().find("scripts/setup"), std::string::npos);
      QUIRE_SKIP("LightGBM", error.what());
    }
  }
};

LightgbmOptions small_options() {
  LightgbmOptions options;
  options.rounds = 15;
  options.min_df = 1;
  options.min_data_in_leaf = 5;
  options.num_leaves = 7;
  options.feature_fraction = 1;
  options.learning_rate = 0.3;
  return options;
}

std::unique_ptr<FittedMember> fit(const LightgbmOptions& options, const Task& task,
                                  const std::filesystem::path& directory, const Context& context = {}) {
  return fit_two_thirds(*make_lightgbm(options, context), task, directory, context);
}

int trees_in(const std::filesystem::path& model) {
  const std::string text = read_file(model);
  int count = 0;
  for (std::size_t at = 0; (at = text.find("\nTree=", at)) != std::string::npos; ++at) ++count;
  return count;
}

SparseMatrix matrix_of(const nlohmann::json& json) {
  SparseMatrix matrix;
  matrix.rows = json.at("rows");
  matrix.cols = json.at("cols");
  matrix.begins = json.at("begins").get<std::vector<std::int64_t>>();
  matrix.columns = json.at("columns").get<std::vector<std::int32_t>>();
  matrix.values = json.at("values").get<std::vector<float>>();
  return matrix;
}

SparseMatrix first_rows(SparseMatrix matrix, std::int64_t rows) {
  matrix.rows = rows;
  matrix.begins.resize(static_cast<std::size_t>(rows) + 1);
  matrix.columns.resize(static_cast<std::size_t>(matrix.nonzeros()));
  matrix.values.resize(static_cast<std::size_t>(matrix.nonzeros()));
  return matrix;
}

// tests/golden/make_lightgbm_golden.py: trained and predicted by the Python package.
TEST_F(Lightgbm, TrainsAndPredictsAsThePythonPackageDoes) {
  const auto golden = nlohmann::json::parse(read_file(fixture("golden/lightgbm/cases.json")));
  const SparseMatrix matrix = matrix_of(golden);
  const SparseMatrix valid_matrix = first_rows(matrix, golden.at("valid_rows"));
  const auto labels = golden.at("labels").get<std::vector<float>>();
  for (const auto& expected : golden.at("cases")) {
    const std::string parameters = expected.at("parameters");
    SCOPED_TRACE(parameters);
    Dataset data(matrix, parameters);
    data.set_labels(labels);
    data.set_weights(golden.at("weights").get<std::vector<float>>());
    Dataset valid(valid_matrix, parameters, &data);
    valid.set_labels(std::span(labels).first(static_cast<std::size_t>(valid_matrix.rows)));
    Booster booster(data, parameters);
    booster.add_validation(valid);
    EXPECT_EQ(booster.metric_names(), std::vector<std::string>{expected.at("metric")});
    for (const double evaluation : expected.at("evaluations")) {
      ASSERT_TRUE(booster.update());
      EXPECT_NEAR(booster.evaluate(0).front(), evaluation, 1e-12);
    }
    EXPECT_EQ(booster.importances(lightgbm::Importance::splits, 0),
              expected.at("splits").get<std::vector<double>>());
    EXPECT_THAT(
        booster.importances(lightgbm::Importance::gain, 0),
        testing::Pointwise(testing::DoubleNear(1e-3), expected.at("gain").get<std::vector<double>>()));
    const Booster copy(booster.to_text(0));
    for (const Booster* model : {&std::as_const(booster), &copy}) {
      const std::vector<double> found = model->predict(matrix, 2);
      std::size_t i = 0;
      for (const auto& row : expected.at("probabilities"))
        for (const double value : row) ASSERT_NEAR(found.at(i++), value, 1e-12);
    }
  }
}

TEST_F(Lightgbm, LearnsAndGivesAProbabilityToEveryClass) {
  const TemporaryDirectory directory;
  const auto fitted = fit(small_options(), Task(300), directory.path());
  const Task unseen(90, 2);
  expect_rows_sum_to_one(predict(*fitted, unseen));
  EXPECT_GE(accuracy_on(*fitted, unseen), 0.95);
}

// 15 of the default's 200 rounds; always saying the most frequent class reaches .09.
TEST_F(Lightgbm, LearnsRealAbstracts) {
  const std::filesystem::path folder = shared("data/arxiv_cs39");
  if (!std::filesystem::exists(folder)) QUIRE_SKIP("shared data", folder.string());
  const TemporaryDirectory directory;
  const Task train = read_task(folder / "train_sample_2000.tsv.xz");
  LightgbmOptions options;
  options.rounds = 15;
  const auto member = make_lightgbm(options, Context{});
  Split split(*member, train, static_cast<std::int64_t>(train.documents.size()));
  split.input.directory = directory.path();
  const auto fitted = member->fit(split.input, Context{});
  EXPECT_GE(accuracy_on(*fitted, read_task(folder / "holdout_sample_500.tsv.xz", train.classes)), 0.35);
}

TEST_F(Lightgbm, AnOpenedModelPredictsTheSame) {
  const TemporaryDirectory directory;
  const Task task(150);
  LightgbmOptions options = small_options();
  options.min_char_ngram = 2;
  options.max_char_ngram = 3;
  const auto fitted = fit(options, task, directory.path());
  const auto opened = open_fitted_lightgbm(directory.path(), Context{});
  EXPECT_EQ(opened->class_names(), task.classes.names());
  EXPECT_EQ(predict(*opened, task).values, predict(*fitted, task).values);
}

TEST_F(Lightgbm, SameSeedSameBytesOnAnyNumberOfThreads) {
  const TemporaryDirectory first, second, other;
  LightgbmOptions options = small_options();
  options.feature_fraction = 0.5;
  const auto model = [&](const TemporaryDirectory& directory, std::uint64_t seed, int threads) {
    (void)fit(options, Task(150), directory.path(), {.threads = threads, .seed = seed});
    std::string text = read_file(directory / "model.txt");
    // The trees, without the parameters behind them, which name the seed and the threads.
    return text.substr(0, text.find("\nparameters:"));
  };
  const std::string trees = model(first, 42, 1);
  EXPECT_TRUE(trees == model(second, 42, 2));
  EXPECT_FALSE(trees == model(other, 43, 1));
}

TEST_F(Lightgbm, StopsAfterTheBestRoundOnTheValidationRowsAndSaysSo) {
  const TemporaryDirectory directory;
  Task task(300);
  // Labels that mean nothing: more trees cannot help.
  Random random(3, Purpose::test);
  for (int& label : task.labels) label = static_cast<int>(random.below(3));
  LightgbmOptions options = small_options();
  options.rounds = 500;
  options.early_stopping_rounds = 4;
  Listener listener;
  (void)fit(options, task, directory.path(), listener.context());
  const auto said = std::ranges::find_if(
      listener.infos, [](const std::string& text) { return text.starts_with("fold 1/1: kept round "); });
  ASSERT_NE(said, listener.infos.end());
  int kept = 0, of = 0;
  ASSERT_EQ(std::sscanf(said->c_str(), "fold 1/1: kept round %d of %d", &kept, &of), 2);
  EXPECT_EQ(of, kept + 4);
  EXPECT_LT(of, 500);
  EXPECT_NE(said->find("multi_logloss"), std::string::npos);
  EXPECT_NE(said->find("on the fold's validation rows"), std::string::npos);
  EXPECT_EQ(trees_in(directory / "model.txt"), 3 * kept);
}

TEST_F(Lightgbm, DoesAllRoundsWhereNothingMayStopIt) {
  const TemporaryDirectory directory;
  LightgbmOptions options = small_options();
  options.rounds = 7;
  options.early_stopping_rounds = 0;
  (void)fit(options, Task(150), directory.path());
  EXPECT_EQ(trees_in(directory / "model.txt"), 3 * 7);
}

TEST_F(Lightgbm, ImportancesNameTheWordsThatTell) {
  const TemporaryDirectory directory;
  (void)fit(small_options(), Task(300), directory.path());
  std::ifstream file(directory / "importance.tsv");
  std::string header, first;
  std::getline(file, header);
  EXPECT_EQ(header, "term\tgain\tsplits");
  // Any of the nine words that only one class has.
  std::getline(file, first);
  EXPECT_THAT(first.substr(0, first.find('\t')),
              testing::AnyOf("stars", "galaxies", "telescope", "enzymes", "proteins", "cells", "theorem",
                             "lemma", "proof"));
}

TEST_F(Lightgbm, BalancedWeightsHelpTheRareClass) {
  // 8 rows of class 2 among 200 noisy ones: the wrong words in a third of them.
  Task task(200);
  Random random(5, Purpose::test);
  for (std::size_t row = 0; row < task.labels.size(); ++row) {
    task.labels[row] = row % 25 == 0 ? 2 : static_cast<int>(row % 2);
    const int subject = random.below(3) == 0 ? static_cast<int>(random.below(3)) : task.labels[row];
    task.documents[row] = synthetic_document(subject, random);
  }
  const auto mass = [&](const std::string& weights) {
    const TemporaryDirectory directory;
    LightgbmOptions options = small_options();
    options.class_weights = weights;
    options.rounds = 3;
    const Matrix probabilities = predict(*fit(options, task, directory.path()), task);
    double sum = 0;
    for (std::int64_t i = 0; i < probabilities.rows; ++i) sum += static_cast<double>(probabilities.row(i)[2]);
    return sum / static_cast<double>(probabilities.rows);
  };
  EXPECT_GT(mass("balanced"), 2 * mass("none"));
}

TEST_F(Lightgbm, AClassWithoutTrainingRowsIsSaidAndNeverPredicted) {
  const TemporaryDirectory directory;
  const Task task(150);
  const auto member = make_lightgbm(small_options(), Context{});
  Split split(*member, task, 150);
  const std::vector<std::int64_t> rows = rows_without(task, 1);
  split.input.train = rows;
  split.input.directory = directory.path();
  Listener listener;
  const auto fitted = member->fit(split.input, listener.context());
  EXPECT_TRUE(mentions(listener.warnings, "'pure maths'"));
  const Matrix probabilities = predict(*fitted, task);
  for (std::int64_t i = 0; i < probabilities.rows; ++i) EXPECT_LT(probabilities.row(i)[1], 1e-6F);
}

TEST_F(Lightgbm, TooFewRowsToSplitAreAnError) {
  const TemporaryDirectory directory;
  LightgbmOptions options = small_options();
  options.min_data_in_leaf = 1000;
  EXPECT_ERROR((void)fit(options, Task(60), directory.path()), InputError, "found nothing to split by");
}

TEST_F(Lightgbm, StopsBetweenRounds) {
  const TemporaryDirectory directory;
  LightgbmOptions options = small_options();
  options.rounds = 1000000;
  options.early_stopping_rounds = 0;
  Listener listener;
  listener.stops = true;
  EXPECT_THROW((void)fit(options, Task(150), directory.path(), listener.context()), Interrupted);
  EXPECT_EQ(listener.stages, std::vector<std::string>{"fold 1/1"});
}

TEST_F(Lightgbm, PassesParametersOnByNameOrAlias) {
  const TemporaryDirectory directory;
  LightgbmOptions options = small_options();
  options.parameters = {"max_depth=3", "reg_lambda=2.5", "objective=ova", "metric=multi_error"};
  Listener listener;
  const auto fitted = fit(options, Task(150), directory.path(), listener.context());
  const std::string model = read_file(directory / "model.txt");
  EXPECT_NE(model.find("[max_depth: 3]"), std::string::npos);
  EXPECT_NE(model.find("[lambda_l2: 2.5]"), std::string::npos);
  EXPECT_NE(model.find("objective=multiclassova"), std::string::npos);
  EXPECT_TRUE(mentions(listener.infos, "multi_error"));
  expect_rows_sum_to_one(predict(*fitted, Task(30)));
}

TEST_F(Lightgbm, BadParametersAreRefusedBeforeAnyWork) {
  const auto refuses = [](std::vector<std::string> parameters, std::string_view message,
                          std::string_view hint) {
    LightgbmOptions options;
    options.parameters = std::move(parameters);
    try {
      (void)make_lightgbm(options, Context{});
      ADD_FAILURE() << "accepted " << options.parameters.back();
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
      EXPECT_NE(error.hint().find(hint), std::string::npos) << error.hint();
    }
  };
  refuses({"lambda_12=1"}, "no parameter 'lambda_12'", "did you mean lambda_l2?");
  refuses({"zzzzzzzz=1"}, "no parameter 'zzzzzzzz'", "documentation");
  refuses({"max_depth"}, "'max_depth' is no parameter", "name=value");
  refuses({"max_depth=3 num_leaves=4"}, "is no parameter", "without spaces");
  refuses({"n_estimators=10"}, "'n_estimators' cannot be given", "rounds");
  refuses({"eta=.5"}, "'eta' cannot be given", "learning_rate");
  refuses({"model_output=/etc/passwd"}, "'model_output' cannot be given", "own program");
  refuses({"lambda_l2=1", "reg_lambda=2"}, "'lambda_l2' is given twice", "");
  refuses({"objective=regression"}, "objective is 'regression'", "multiclass");
  refuses({"max_depth=three"}, "max_depth", "");  // the library's own judgement
  refuses({"lambda_l2=-1"}, "lambda_l2", "");
}

TEST_F(Lightgbm, BadOptionsAreRefusedBeforeAnyWork) {
  const auto refuses = [](auto change, std::string_view part) {
    LightgbmOptions options;
    change(options);
    EXPECT_ERROR((void)make_lightgbm(options, Context{}), InputError, part);
  };
  refuses([](auto& o) { o.rounds = 0; }, "rounds is 0");
  refuses([](auto& o) { o.num_leaves = 1; }, "num_leaves is 1");
  refuses([](auto& o) { o.learning_rate = std::nan(""); }, "learning_rate is nan");
  refuses([](auto& o) { o.feature_fraction = 1.5; }, "feature_fraction is 1.5");
  refuses([](auto& o) { o.class_weights = "/no/such/file"; }, "/no/such/file");
  refuses([](auto& o) { o.max_word_ngram = 0; }, "no terms");
  refuses([](auto& o) { o.min_word_ngram = 2; }, "2");
  refuses([](auto& o) { o.min_df = -1; }, "min_df is -1");
  refuses([](auto& o) { o.clean = {"lowercas"}; }, "'lowercas'");
}

TEST_F(Lightgbm, DartIsNeverStoppedEarly) {
  const TemporaryDirectory directory;
  LightgbmOptions options = small_options();
  options.parameters = {"boosting=dart"};
  options.early_stopping_rounds = 1;
  Listener listener;
  (void)fit(options, Task(150), directory.path(), listener.context());
  EXPECT_TRUE(mentions(listener.warnings, "dart"));
  EXPECT_EQ(trees_in(directory / "model.txt"), 3 * 15);
}

TEST_F(Lightgbm, FilesOfDifferentModelsAreRefused) {
  const TemporaryDirectory directory;
  (void)fit(small_options(), Task(60), directory.path());
  LabelSet({"one", "two"}).write(directory / "labels.txt");
  EXPECT_ERROR((void)open_fitted_lightgbm(directory.path(), Context{}), InputError, "3 classes");
  write_file_atomically(directory / "model.txt", "not a model");
  EXPECT_THROW((void)open_fitted_lightgbm(directory.path(), Context{}), InputError);
}

}  // namespace
}  // namespace quire::test
