// A fit that is stopped or killed anywhere and resumed leaves what an uninterrupted one leaves.
#include <optional>
#include <sstream>

#include "quire/train/loop.h"
#include "train/tiny_task.h"

namespace quire::test {
namespace {

using Way = DisturbAt::Way;

// Three steps an epoch, and validation rows enough for two batches of prediction, so that a fit can be
// stopped between them.
Task scored_at_length() {
  Task task(900);
  task.valid.assign(task.train.begin() + 24, task.train.end());
  task.train.resize(24);
  return task;
}

FitOptions options_of(const std::string& name) {
  FitOptions options = quick_options();
  options.epochs = 2;
  if (name == "last") options.select = train::Select::last;
  if (name == "average_best") options.average_best = 2;
  if (name == "accumulation") options.accumulation_steps = 2;
  if (name == "max_steps") options.max_steps = 5;
  if (name == "probe") options.probe_head = true;
  if (name == "ema") options.ema = 0.5;
  if (name == "patience") {
    options.epochs = 4;
    options.patience = 1;
    options.optimizer.learning_rate = options.optimizer.head_learning_rate = 0;  // nothing ever gets better
  }
  return options;
}

// The lines of a file of JSON objects, without what a clock says.
std::string without_times(const std::filesystem::path& path) {
  std::string kept;
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    nlohmann::json object = nlohmann::json::parse(line);
    for (const char* time : {"seconds", "docs_per_s", "tokens_per_s"}) object.erase(time);
    kept += object.dump() + "\n";
  }
  return kept;
}

struct Outcome {
  nn::Classifier model = tiny_model(3);
  std::int64_t selected_epoch = -1;
  std::string steps, epochs;  // log.jsonl and epochs.jsonl
};

void run(Outcome& outcome, const Task& task, const FitOptions& options,
         const std::filesystem::path& directory, bool resume, const Context& context) {
  outcome.selected_epoch = fit(outcome.model, task, options, directory, resume, context).selected_epoch;
  outcome.steps = without_times(directory / "log.jsonl");
  outcome.epochs = without_times(directory / "epochs.jsonl");
}

// Nothing when there is no report of that number.
std::optional<Outcome> disturbed_and_resumed(const Task& task, const FitOptions& options, int report,
                                             Way way) {
  const TemporaryDirectory directory;
  DisturbAt disturb(report, way);
  try {
    Outcome outcome;
    run(outcome, task, options, directory.path(), false, disturb.context());
    if (!disturb.happened()) return std::nullopt;
    return outcome;  // told to stop when all was done
  } catch (const Interrupted&) {
  } catch (const Killed&) {
  }
  Outcome outcome;
  run(outcome, task, options, directory.path(), true, {});
  return outcome;
}

class Resume : public ::testing::TestWithParam<const char*> {
 protected:
  void expect_the_same_after_every_report(Way way, double save_every_minutes) {
    const Task task = scored_at_length();
    FitOptions options = options_of(GetParam());
    const TemporaryDirectory directory;
    Outcome whole;
    run(whole, task, options, directory.path(), false, {});
    options.save_every_minutes = save_every_minutes;
    int report = 1;
    for (; const auto found = disturbed_and_resumed(task, options, report, way); ++report) {
      EXPECT_TRUE(same_weights(found->model, whole.model)) << report;
      EXPECT_EQ(found->selected_epoch, whole.selected_epoch) << report;
      EXPECT_EQ(found->steps, whole.steps) << report;
      EXPECT_EQ(found->epochs, whole.epochs) << report;
    }
    EXPECT_GT(report, 9);
  }
};

TEST_P(Resume, AfterASignalAtAnyReportGivesTheSameBytes) {
  expect_the_same_after_every_report(Way::signal, 10);
}

TEST_P(Resume, AfterAKillBehindAnyCheckpointGivesTheSameBytes) {
  expect_the_same_after_every_report(Way::kill, 0);  // saves after every step
}

INSTANTIATE_TEST_SUITE_P(Loop, Resume,
                         ::testing::Values("plain", "last", "average_best", "accumulation", "max_steps",
                                           "probe", "ema", "patience"),
                         [](const auto& name) { return std::string(name.param); });

}  // namespace
}  // namespace quire::test
