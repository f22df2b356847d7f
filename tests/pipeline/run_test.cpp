// From a table to a run directory and back, with the tiny model of the goldens.
#include "quire/pipeline/run.h"

#include <cmath>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/random.h"
#include "quire/table/documents.h"
#include "quire/table/reader.h"
#include "stop_after.h"
#include "support.h"

namespace quire::test {
namespace {

// Rows whose first word says the label.
void write_table(const std::filesystem::path& path, int rows, const std::string& prefix = "r") {
  Random random(3, Purpose::test, static_cast<std::uint32_t>(rows));
  std::string text = "id\ttext\tlabel\n";
  const std::vector<std::string> words = {"the", "cat", "dog", "house"};
  for (int row = 0; row < rows; ++row) {
    text += prefix + std::to_string(row) + "\t" + words[static_cast<std::size_t>(row % 3) + 1];
    for (int i = 0; i < 5; ++i) text += " " + words[random.below(1)];
    text += "\tclass " + std::to_string(row % 3) + "\n";
  }
  write_file_atomically(path, text);
}

class Run : public ::testing::Test {
 protected:
  Run() {
    write_table(directory_ / "train.tsv", 60);
    write_table(directory_ / "test.tsv", 20, "t");
  }
  [[nodiscard]] TrainOptions options(const std::string& name) const {
    TrainOptions o;
    o.file = directory_ / "train.tsv";
    o.output = directory_ / name;
    o.folds = 2;
    o.encoder.model = fixture("golden/encoder/bert/model");
    o.encoder.max_length = 16;
    o.encoder.epochs = 2;
    o.encoder.precision = "fp32";  // as `predict` computes
    return o;
  }
  TemporaryDirectory directory_;
};

TEST_F(Run, WritesTheFilesOfTheContract) {
  TrainOptions o = options("run");
  o.test = directory_ / "test.tsv";
  const TrainSummary summary = train_run(o, {});
  EXPECT_EQ(summary.documents, 60);
  EXPECT_TRUE(summary.out_of_fold);
  ASSERT_TRUE(summary.validation.has_value());
  EXPECT_EQ(summary.validation->n, 60);
  for (const char* name :
       {"recipe.toml", "labels.txt", "folds.tsv", "members/encoder/oof.npy", "members/encoder/test.npy",
        "members/encoder/fold-0/config.json", "members/encoder/fold-0/model.safetensors",
        "members/encoder/fold-1/tokenizer.json", "members/encoder/fold-1/log.jsonl",
        "members/encoder/fold-1/metrics.json"}) {
    EXPECT_TRUE(std::filesystem::exists(directory_ / "run" / name)) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(directory_ / "run/members/encoder/fold-0/checkpoint.safetensors"));
  const Matrix oof = read_npy(directory_ / "run/members/encoder/oof.npy");
  EXPECT_EQ(oof.rows, 60);
  EXPECT_EQ(oof.cols, 3);
  for (const float value : oof.values) EXPECT_FALSE(std::isnan(value));
  EXPECT_EQ(read_npy(directory_ / "run/members/encoder/test.npy").rows, 20);
}

TEST_F(Run, PredictIsTheMeanOfTheFoldsInTheFilesOrder) {
  TrainOptions o = options("run");
  o.test = directory_ / "test.tsv";
  train_run(o, {});
  const Predictor predictor(directory_ / "run", {}, {});
  EXPECT_EQ(predictor.size(), 2U);
  PredictOptions p;
  p.output = directory_ / "out.tsv";
  p.probabilities = directory_ / "p.npy";
  EXPECT_EQ(predict_table(predictor, directory_ / "test.tsv", p, {}), 20);
  const Matrix found = read_npy(directory_ / "p.npy");
  const Matrix expected = read_npy(directory_ / "run/members/encoder/test.npy");
  for (std::size_t i = 0; i < found.values.size(); ++i)
    EXPECT_NEAR(found.values[i], expected.values[i], 1e-5F);
  TableReader reader(directory_ / "out.tsv");
  EXPECT_EQ(reader.header(), (std::vector<std::string>{"id", "label", "probability"}));
  TableRow row;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(reader.next(row));
    EXPECT_EQ(row.fields[0], "t" + std::to_string(i));
  }
}

// Every kind of member goes the same way: folds, matrices, a run directory that predicts, same seed same
// bytes.
class Members : public Run, public ::testing::WithParamInterface<const char*> {
 protected:
  [[nodiscard]] TrainOptions member_options(const std::string& name) const {
    TrainOptions o = options(name);
    o.member = GetParam();
    o.test = directory_ / "test.tsv";
    o.encoder.epochs = 12;
    o.encoder.learning_rate = o.encoder.head_learning_rate = 3e-3;
    o.linear.min_df = 1;
    o.lightgbm.min_df = 1;
    o.lightgbm.min_data_in_leaf = 1;
    o.lightgbm.rounds = 20;
    o.fasttext.epochs = 200;
    o.textcnn.min_count = 1;
    o.textcnn.dim = 16;
    o.textcnn.filters = 8;
    return o;
  }
};

TEST_P(Members, TrainPredictAndRepeat) {
  const TrainOptions o = member_options("run");
  const TrainSummary summary = train_run(o, {});
  EXPECT_EQ(summary.validation->n, 60);
  EXPECT_GT(summary.validation->accuracy, 0.9);  // the first word says the label
  const std::filesystem::path member = directory_ / "run/members" / GetParam();
  const Matrix expected = read_npy(member / "test.npy");
  const Predictor predictor(directory_ / "run", {}, {});
  PredictOptions p;
  p.output = directory_ / "out.tsv";
  p.probabilities = directory_ / "p.npy";
  predict_table(predictor, directory_ / "test.tsv", p, {});
  const Matrix found = read_npy(directory_ / "p.npy");
  ASSERT_EQ(found.values.size(), expected.values.size());
  for (std::size_t i = 0; i < found.values.size(); ++i)
    EXPECT_NEAR(found.values[i], expected.values[i], 1e-5F);
  train_run(member_options("again"), {});
  EXPECT_EQ(read_file(member / "oof.npy"), read_file(directory_ / "again/members" / GetParam() / "oof.npy"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, Members,
                         ::testing::Values("encoder", "linear", "lightgbm", "fasttext", "textcnn"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_F(Run, SameCommandGivesTheSameBytes) {
  train_run(options("a"), {});
  train_run(options("b"), {});
  for (const char* name :
       {"folds.tsv", "members/encoder/oof.npy", "members/encoder/fold-1/model.safetensors"}) {
    EXPECT_EQ(read_file(directory_ / "a" / name), read_file(directory_ / "b" / name)) << name;
  }
}

class EachPrecision : public Run, public ::testing::WithParamInterface<const char*> {};

TEST_P(EachPrecision, InterruptedAnywhereAndResumedGivesTheSameBytes) {
  const auto with_precision = [&](const std::string& name) {
    TrainOptions o = options(name);
    o.encoder.precision = GetParam();
    return o;
  };
  train_run(with_precision("whole"), {});
  for (const int reports : {3, 6, 9, 11}) {
    TrainOptions o = with_precision("part" + std::to_string(reports));
    StopAfter stop(reports);
    EXPECT_THROW(train_run(o, stop.context()), Interrupted) << reports;
    const std::filesystem::path left = std::filesystem::path(o.output) / "labels.txt.partial-1";
    write_file_atomically(left, "half");  // as a killed process would
    o.resume = true;
    train_run(o, {});
    for (const char* name : {"members/encoder/oof.npy", "members/encoder/fold-0/model.safetensors",
                             "members/encoder/fold-1/model.safetensors"}) {
      EXPECT_EQ(read_file(directory_ / "whole" / name), read_file(std::filesystem::path(o.output) / name))
          << reports << name;
    }
    EXPECT_FALSE(std::filesystem::exists(left));
    EXPECT_TRUE(train_run(o, {}).unchanged);
  }
}

INSTANTIATE_TEST_SUITE_P(Runs, EachPrecision, ::testing::Values("fp32", "auto"),
                         [](const auto& precision) { return std::string(precision.param); });

TEST_F(Run, AnExistingRunIsKeptUnlessForced) {
  train_run(options("run"), {});
  EXPECT_ERROR(train_run(options("run"), {}), InputError, "exists");
  TrainOptions o = options("run");
  o.force = true;
  train_run(o, {});
  make_directories(directory_ / "other");
  write_file_atomically(directory_ / "other/precious", "x");
  o.output = directory_ / "other";
  EXPECT_ERROR(train_run(o, {}), InputError, "not a run");
  EXPECT_EQ(read_file(directory_ / "other/precious"), "x");
}

TEST_F(Run, ResumeWithOtherOptionsIsRefused) {
  train_run(options("run"), {});
  TrainOptions o = options("run");
  o.resume = true;
  o.encoder.epochs = 3;
  EXPECT_ERROR(train_run(o, {}), InputError, "other options");
}

TEST_F(Run, UnknownLabelInEvalNamesFileAndLine) {
  train_run(options("run"), {});
  write_file_atomically(directory_ / "bad.tsv", "id\ttext\tlabel\n1\tx\tclass 0\n2\ty\tclass 9\n");
  const Predictor predictor(directory_ / "run", {}, {});
  EXPECT_ERROR((void)evaluate_table(predictor, directory_ / "bad.tsv", {}), InputError, "bad.tsv:3");
}

TEST_F(Run, LabelWithOneRowAndFoldsIsRefusedBeforeAnythingIsWritten) {
  write_file_atomically(directory_ / "train.tsv", "id\ttext\tlabel\n1\ta\tx\n2\tb\tx\n3\tc\ty\n");
  EXPECT_ERROR(train_run(options("run"), {}), InputError, "y");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "run"));
}

TEST_F(Run, AGivenValidationTableIsUsedAsItIs) {
  TrainOptions o = options("run");
  o.valid = directory_ / "test.tsv";
  const TrainSummary summary = train_run(o, {});
  EXPECT_EQ(summary.validation->n, 20);
  EXPECT_EQ(read_npy(directory_ / "run/members/encoder/valid.npy").rows, 20);
  for (const float value : read_npy(directory_ / "run/members/encoder/oof.npy").values)
    EXPECT_TRUE(std::isnan(value));
}

}  // namespace
}  // namespace quire::test
