// Runs of the linear member on vectors of a frozen encoder: the encoder belongs to the run.
#include <fstream>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/random.h"
#include "quire/members/linear_options.h"
#include "quire/pipeline/predictor.h"
#include "quire/pipeline/run.h"
#include "stop_after.h"
#include "support.h"

namespace quire::test {
namespace {

namespace fs = std::filesystem;

void write_table(const fs::path& path, int rows) {
  Random random(3, Purpose::test, static_cast<std::uint32_t>(rows));
  const std::vector<std::string> words = {"heron light", "squid sea", "tea leaf"};
  const std::vector<std::string> noise = {"the", "a", "of", "rain", "slow"};
  std::string text = "id\ttext\tlabel\n";
  for (int row = 0; row < rows; ++row) {
    text += std::to_string(row) + "\t" + words[static_cast<std::size_t>(row % 3)];
    for (int i = 0; i < 4; ++i) text += " " + noise[random.below(5)];
    text += "\tclass " + std::to_string(row % 3) + "\n";
  }
  write_file_atomically(path, text);
}

class LinearRun : public testing::Test {
 protected:
  LinearRun() {
    write_table(directory_ / "train.tsv", 60);
    write_table(directory_ / "test.tsv", 20);
    fs::copy(fixture("golden/encoder/bert/model"), directory_ / "model");
  }
  [[nodiscard]] RunOptions options(const std::string& name) const {
    RunOptions o;
    o.recipe.task.train = directory_ / "train.tsv";
    o.recipe.task.test = directory_ / "test.tsv";
    o.recipe.task.folds = 3;
    o.output = directory_ / name;
    o.recipe.members.emplace_back("linear");
    linear(o).model = directory_ / "model";
    linear(o).max_length = 16;
    linear(o).loss = "logistic";
    return o;
  }
  static LinearOptions& linear(RunOptions& o) { return o.recipe.members.front().get<LinearOptions>(); }
  [[nodiscard]] Matrix predicted(const fs::path& run) const {
    const Predictor predictor(run, {}, {});
    PredictOptions p;
    p.output = directory_ / "out.tsv";
    p.probabilities = directory_ / "p.npy";
    predict_table(predictor, directory_ / "test.tsv", p, {});
    return read_npy(directory_ / "p.npy");
  }
  static void expect_near(const Matrix& found, const Matrix& expected) {
    ASSERT_EQ(found.values.size(), expected.values.size());
    for (std::size_t i = 0; i < found.values.size(); ++i)
      EXPECT_NEAR(found.values[i], expected.values[i], 1e-5F);
  }
  TemporaryDirectory directory_;
};

TEST_F(LinearRun, PredictsWhereverItIsMovedAndWithoutTheOriginalModel) {
  const RunSummary summary = train_run(options("run"), {});
  EXPECT_EQ(summary.members.front().validation->n, 60);
  EXPECT_GT(summary.members.front().validation->accuracy, 0.5);  // chance: a third; the encoder is random
  const Matrix expected = read_npy(directory_ / "run/members/linear/test.npy");
  EXPECT_TRUE(fs::exists(directory_ / "run/members/linear/encoder/model.safetensors"));
  EXPECT_FALSE(fs::exists(directory_ / "run/members/linear/fold-0/encoder"));
  fs::remove_all(directory_ / "model");
  fs::create_directory(directory_ / "elsewhere");
  fs::rename(directory_ / "run", directory_ / "elsewhere/moved");
  expect_near(predicted(directory_ / "elsewhere/moved"), expected);
}

TEST_F(LinearRun, ReadsTermsAndVectorsTogether) {
  RunOptions o = options("run");
  linear(o).features = "both";
  linear(o).min_df = 1;
  EXPECT_GT(train_run(o, {}).members.front().validation->accuracy, 0.95);  // two words say the label
  expect_near(predicted(directory_ / "run"), read_npy(directory_ / "run/members/linear/test.npy"));
}

TEST_F(LinearRun, AnExportedFoldHasItsEncoder) {
  train_run(options("run"), {});
  export_fold(directory_ / "run", 1, directory_ / "one");
  for (const char* name : {"linear.json", "model.safetensors", "encoder/config.json",
                           "encoder/model.safetensors", "encoder/tokenizer.json"}) {
    EXPECT_TRUE(fs::exists(directory_ / "one" / name)) << name;
  }
  EXPECT_FALSE(fs::exists(directory_ / "one/metrics.json"));
}

TEST_F(LinearRun, InterruptedAnywhereAndResumedGivesTheSameBytes) {
  train_run(options("whole"), {});
  for (const int reports : {4, 40, 200}) {
    RunOptions o = options("part" + std::to_string(reports));
    StopAfter stop(reports);
    EXPECT_THROW(train_run(o, stop.context()), Interrupted) << reports;
    o.resume = true;
    train_run(o, {});
    for (const char* name :
         {"members/linear/oof.npy", "members/linear/test.npy", "members/linear/fold-0/model.safetensors",
          "members/linear/fold-2/linear.json"}) {
      EXPECT_EQ(read_file(directory_ / "whole" / name), read_file(fs::path(o.output) / name))
          << reports << name;
    }
    EXPECT_TRUE(train_run(o, {}).unchanged);
  }
}

TEST_F(LinearRun, IsNotResumedWithAnotherEncoder) {
  RunOptions o = options("run");
  train_run(o, {});
  std::ofstream(directory_ / "model/vocab.txt", std::ios::app) << "another\n";
  o.resume = true;
  EXPECT_ERROR(train_run(o, {}), InputError, "what --model of member 'linear' names");
}

// Keeps what it is told.
class Listener : public Observer {
 public:
  void progress(const Progress& progress) override {
    ends_.push_back(progress.done == progress.total);
    last_ = progress.detail;
  }
  [[nodiscard]] const std::vector<bool>& ends() const { return ends_; }
  [[nodiscard]] const std::string& last() const { return last_; }

 private:
  std::vector<bool> ends_;
  std::string last_;
};

TEST_F(LinearRun, TheLastReportOfPredictionAloneSaysThatAllIsDone) {
  RunOptions o = options("run");
  linear(o).model.clear();
  linear(o).max_length = LinearOptions{}.max_length;
  linear(o).min_df = 1;
  train_run(o, {});
  write_table(directory_ / "many.tsv", 3 * 1024);  // read ahead, and in whole chunks
  const Predictor predictor(directory_ / "run", {}, {});
  Listener listener;
  Context context;
  context.observer = &listener;
  PredictOptions p;
  p.output = directory_ / "out.tsv";
  predict_table(predictor, directory_ / "many.tsv", p, context);
  EXPECT_EQ(listener.ends(), (std::vector<bool>{false, false, false, true}));
  EXPECT_EQ(listener.last(), "3072 documents");
}

}  // namespace
}  // namespace quire::test
