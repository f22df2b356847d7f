// From a table to a run directory and back, with the tiny model of the goldens.
#include "quire/pipeline/run.h"

#include <cmath>

#include "quire/base/error.h"
#include "quire/base/file_lock.h"
#include "quire/base/files.h"
#include "quire/base/random.h"
#include "quire/members/encoder_options.h"
#include "quire/members/fasttext_options.h"
#include "quire/members/lightgbm_options.h"
#include "quire/members/linear_options.h"
#include "quire/members/textcnn_options.h"
#include "quire/pipeline/predictor.h"
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
  [[nodiscard]] RunOptions options(const std::string& name) const {
    return options(name, MemberOptions("encoder"));
  }
  [[nodiscard]] RunOptions options(const std::string& name, MemberOptions member) const {
    RunOptions o;
    o.recipe.task.train = directory_ / "train.tsv";
    o.recipe.task.folds = 2;
    o.output = directory_ / name;
    if (member.kind().name() == "encoder") {
      auto& encoder = member.get<EncoderOptions>();
      encoder.model = fixture("golden/encoder/bert/model");
      encoder.max_length = 16;
      encoder.epochs = 2;
      encoder.precision = "fp32";  // as `predict` computes
    }
    o.recipe.members.push_back(std::move(member));
    return o;
  }
  static EncoderOptions& encoder(RunOptions& o) { return o.recipe.members.front().get<EncoderOptions>(); }
  TemporaryDirectory directory_;
};

TEST_F(Run, WritesTheFilesOfTheContract) {
  RunOptions o = options("run");
  o.recipe.task.test = directory_ / "test.tsv";
  const RunSummary summary = train_run(o, {});
  EXPECT_EQ(summary.documents, 60);
  const MemberScore& score = summary.members.front();
  EXPECT_TRUE(score.out_of_fold);
  EXPECT_FALSE(score.chosen_on_scored_rows);
  ASSERT_TRUE(score.validation.has_value());
  EXPECT_EQ(score.validation->n, 60);
  for (const char* name :
       {"recipe.toml", "labels.txt", "folds.tsv", "members/encoder/oof.npy", "members/encoder/test.npy",
        "members/encoder/fold-0/config.json", "members/encoder/fold-0/model.safetensors",
        "members/encoder/fold-1/tokenizer.json", "members/encoder/fold-1/log.jsonl",
        "members/encoder/fold-1/metrics.json", "members/encoder/fold-1/stage.json", "inputs.json"}) {
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
  RunOptions o = options("run");
  o.recipe.task.test = directory_ / "test.tsv";
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
  [[nodiscard]] RunOptions member_options(const std::string& name) const {
    const std::string kind = GetParam();
    RunOptions o = options(name, MemberOptions(kind));
    o.recipe.task.test = directory_ / "test.tsv";
    MemberOptions& member = o.recipe.members.front();
    if (kind == "encoder") {
      auto& encoder = member.get<EncoderOptions>();
      encoder.epochs = 12;
      encoder.learning_rate = encoder.head_learning_rate = 3e-3;
    } else if (kind == "linear") {
      member.get<LinearOptions>().min_df = 1;
    } else if (kind == "lightgbm") {
      auto& trees = member.get<LightgbmOptions>();
      trees.min_df = 1;
      trees.min_data_in_leaf = 1;
      trees.rounds = 20;
    } else if (kind == "fasttext") {
      member.get<FasttextOptions>().epochs = 200;
    } else {
      auto& cnn = member.get<TextcnnOptions>();
      cnn.min_count = 1;
      cnn.dim = 16;
      cnn.filters = 8;
    }
    return o;
  }
};

TEST_P(Members, TrainPredictAndRepeat) {
  const RunOptions o = member_options("run");
  const RunSummary summary = train_run(o, {});
  const Metrics& score = *summary.members.front().validation;
  EXPECT_EQ(score.n, 60);
  EXPECT_GT(score.accuracy, 0.9);  // the first word says the label
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
    RunOptions o = options(name);
    encoder(o).precision = GetParam();
    return o;
  };
  train_run(with_precision("whole"), {});
  for (const int reports : {3, 6, 9, 11}) {
    RunOptions o = with_precision("part" + std::to_string(reports));
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
  RunOptions o = options("run");
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
  RunOptions o = options("run");
  o.resume = true;
  encoder(o).epochs = 3;
  EXPECT_ERROR(train_run(o, {}), InputError, "--epochs was 2 and is 3");
}

// The worst of leaks: folds drawn anew over other rows, and what was trained on them loaded as finished.
class Resumed : public Run, public ::testing::WithParamInterface<const char*> {
 protected:
  void change_table() const {
    const std::string table = read_file(directory_ / "train.tsv");
    const std::string change = GetParam();
    std::string changed = table;
    if (change == "a row more") changed += "more\tthe cat\tclass 0\n";
    if (change == "another order") {
      const std::size_t first = table.find('\n') + 1;
      const std::size_t second = table.find('\n', first) + 1;
      changed = table.substr(0, first) + table.substr(second) + table.substr(first, second - first);
    }
    if (change == "a class gone") {
      for (std::size_t at = 0; (at = changed.find("class 2", at)) != std::string::npos;)
        changed[at + 6] = '1';
    }
    if (change == "another text") changed.replace(changed.find("the"), 3, "cat");
    write_file_atomically(directory_ / "train.tsv", changed);
  }
};

TEST_P(Resumed, OverAnotherTableIsRefused) {
  for (const bool is_finished : {true, false}) {
    RunOptions o = options(is_finished ? "finished" : "part");
    if (is_finished) {
      train_run(o, {});
    } else {
      StopAfter stop(6);
      EXPECT_THROW(train_run(o, stop.context()), Interrupted);
    }
    o.resume = true;
    const std::string table = read_file(directory_ / "train.tsv");
    change_table();
    EXPECT_ERROR(train_run(o, {}), InputError, "was started with other data: the training table");
    write_file_atomically(directory_ / "train.tsv", table);
    EXPECT_EQ(train_run(o, {}).unchanged, is_finished);
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, Resumed,
                         ::testing::Values("a row more", "another order", "a class gone", "another text"),
                         [](const auto& change) { return test_name(change.param); });

TEST_F(Run, ResumedOverAnotherModelIsRefused) {
  std::filesystem::copy(fixture("golden/encoder/bert/model"), directory_ / "model");
  RunOptions o = options("run");
  encoder(o).model = directory_ / "model";
  train_run(o, {});
  o.resume = true;
  EXPECT_TRUE(train_run(o, {}).unchanged);
  // The same files in another place are the same model.
  std::filesystem::rename(directory_ / "model", directory_ / "moved");
  encoder(o).model = directory_ / "moved";
  EXPECT_TRUE(train_run(o, {}).unchanged);
  std::string vocabulary = read_file(directory_ / "moved/vocab.txt");
  write_file_atomically(directory_ / "moved/vocab.txt", vocabulary + "another\n");
  EXPECT_ERROR(train_run(o, {}), InputError, "what --model of member 'encoder' names");
}

TEST_F(Run, AFoldOfOtherClassesIsNotOpened) {
  train_run(options("run"), {});
  write_file_atomically(directory_ / "run/labels.txt", "class 0\nclass 1\n");
  EXPECT_ERROR(Predictor(directory_ / "run", {}, {}), InputError, "other classes");
}

// Stopped at every single report of a tiny run: nothing that was finished is made again, and the bytes are
// those of a run that was never stopped.
TEST_F(Run, StoppedAtAnyReportItEndsInTheSameBytes) {
  const auto tiny = [&](const std::string& name) {
    RunOptions o = options(name);
    o.recipe.task.test = directory_ / "test.tsv";
    encoder(o).epochs = 2;
    encoder(o).batch_size = 10;
    encoder(o).select = "best";
    return o;
  };
  train_run(tiny("whole"), {});
  const std::vector<std::string> files = {"members/encoder/oof.npy", "members/encoder/test.npy",
                                          "members/encoder/fold-0/model.safetensors",
                                          "members/encoder/fold-1/model.safetensors"};
  bool stopped = true;
  for (int reports = 1; stopped; ++reports) {
    ASSERT_LT(reports, 200);
    RunOptions o = tiny("part" + std::to_string(reports));
    StopAfter stop(reports);
    try {
      train_run(o, stop.context());
      stopped = false;
    } catch (const Interrupted&) {
    }
    const std::filesystem::path first = std::filesystem::path(o.output) / "members/encoder/fold-0";
    const std::filesystem::path record = first / "stage.json";
    const std::string before = std::filesystem::exists(record) ? read_file(record) : "";
    const bool fitted = before.find("started") == std::string::npos && !before.empty();
    const auto made = fitted ? std::filesystem::last_write_time(first / "model.safetensors")
                             : std::filesystem::file_time_type();
    const std::string log = fitted ? read_file(first / "log.jsonl") : "";
    o.resume = true;
    train_run(o, {});
    for (const std::string& name : files) {
      EXPECT_EQ(read_file(directory_ / "whole" / name), read_file(std::filesystem::path(o.output) / name))
          << reports << " " << name;
    }
    if (fitted) {
      EXPECT_EQ(std::filesystem::last_write_time(first / "model.safetensors"), made) << reports;
      EXPECT_EQ(read_file(first / "log.jsonl"), log) << reports;
    }
    EXPECT_FALSE(std::filesystem::exists(first / kCheckpointFile)) << reports;
    std::filesystem::remove_all(o.output);
  }
}

TEST_F(Run, TwoAtOnceInOneDirectoryAreRefused) {
  train_run(options("run"), {});
  std::filesystem::remove(directory_ / "run/members/encoder/fold-1/stage.json");
  const FileLock other = FileLock::lock(directory_ / "run/.lock", "run", {});
  RunOptions o = options("run");
  o.resume = true;
  EXPECT_ERROR(train_run(o, {}), InputError, "in use by another process");
}

TEST_F(Run, ADamagedModelLeavesNothingBehind) {
  std::filesystem::copy(fixture("golden/encoder/bert/model"), directory_ / "model");
  std::filesystem::resize_file(directory_ / "model/model.safetensors", 1000);
  RunOptions o = options("run");
  encoder(o).model = directory_ / "model";
  EXPECT_ERROR(train_run(o, {}), InputError, "model.safetensors");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "run"));
}

TEST_F(Run, ForceKeepsTheModelThatItReads) {
  train_run(options("run"), {});
  RunOptions o = options("run");
  o.force = true;
  encoder(o).model = directory_ / "run/members/encoder/fold-0";
  EXPECT_ERROR(train_run(o, {}), InputError, "--force would delete --model");
  EXPECT_TRUE(std::filesystem::exists(directory_ / "run/members/encoder/fold-0/model.safetensors"));
}

TEST_F(Run, ForceLeavesTheRecipesOfOthersAlone) {
  make_directories(directory_ / "soup/members");
  write_file_atomically(directory_ / "soup/recipe.toml", "title = 'Soup'\n");
  write_file_atomically(directory_ / "soup/members/note", "mine");
  RunOptions o = options("soup");
  o.force = true;
  EXPECT_ERROR(train_run(o, {}), InputError, "not a run");
  EXPECT_EQ(read_file(directory_ / "soup/members/note"), "mine");
}

TEST_F(Run, ALimitDrawsEveryClassInItsShare) {
  RunOptions o = options("run");
  o.recipe.task.limit = 30;
  const RunSummary summary = train_run(o, {});
  EXPECT_EQ(summary.documents, 30);
  for (const ClassMetrics& one : summary.members.front().validation->per_class) EXPECT_EQ(one.support, 10);
  o = options("head");
  o.recipe.task.limit_head = 30;
  EXPECT_EQ(train_run(o, {}).documents, 30);
}

TEST_F(Run, UnknownLabelInEvalNamesFileAndLine) {
  train_run(options("run"), {});
  write_file_atomically(directory_ / "bad.tsv", "id\ttext\tlabel\n1\tx\tclass 0\n2\ty\tclass 9\n");
  const Predictor predictor(directory_ / "run", {}, {});
  EXPECT_ERROR((void)evaluate_table(predictor, directory_ / "bad.tsv", {}), InputError, "bad.tsv:3");
}

TEST_F(Run, AClassOfOneRowTrainsInEveryFoldAndIsNotScored) {
  std::string table = read_file(directory_ / "train.tsv");
  write_file_atomically(directory_ / "train.tsv", table + "lone\tthe house\tclass of one\n");
  RunOptions o = options("run");
  const RunSummary summary = train_run(o, {});
  EXPECT_EQ(summary.classes.size(), 4U);
  EXPECT_EQ(summary.members.front().validation->n, 60);
  const Matrix oof = read_npy(directory_ / "run/members/encoder/oof.npy");
  EXPECT_EQ(oof.rows, 61);
  for (const float value : oof.row(60)) EXPECT_TRUE(std::isnan(value));
  for (const float value : oof.row(59)) EXPECT_FALSE(std::isnan(value));

  o.output = directory_ / "strict";
  o.recipe.task.rare_classes = "error";
  EXPECT_ERROR(train_run(o, {}), InputError, "'class of one' (1)");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "strict"));
  o.recipe.task.rare_classes = "drop";
  EXPECT_EQ(train_run(o, {}).documents, 60);
  o.output = directory_ / "merged";
  o.recipe.task.rare_classes = "merge:class 0";
  EXPECT_EQ(train_run(o, {}).classes.size(), 3U);
}

TEST_F(Run, AGivenValidationTableIsUsedAsItIs) {
  RunOptions o = options("run");
  o.recipe.task.valid = directory_ / "test.tsv";
  const RunSummary summary = train_run(o, {});
  EXPECT_EQ(summary.members.front().validation->n, 20);
  EXPECT_EQ(read_npy(directory_ / "run/members/encoder/valid.npy").rows, 20);
  for (const float value : read_npy(directory_ / "run/members/encoder/oof.npy").values)
    EXPECT_TRUE(std::isnan(value));
}

}  // namespace
}  // namespace quire::test
