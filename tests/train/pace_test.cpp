// What a fit says about its speed and the time left.
#include "train/pace.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "train/tiny_task.h"

namespace quire::test {
namespace {

TEST(Pace, LeavesTheFirstStepOutOnceThereIsASecond) {
  train::Pace pace;
  pace.add_step(100, 8, 80);
  EXPECT_DOUBLE_EQ(pace.documents_per_second(), 0.08);
  EXPECT_LT(pace.seconds_for(1000, 0), 0) << "one step says too little";
  pace.add_step(2, 8, 80);
  pace.add_step(2, 8, 80);
  EXPECT_DOUBLE_EQ(pace.documents_per_second(), 4);
  EXPECT_DOUBLE_EQ(pace.tokens_per_second(), 40);
  EXPECT_DOUBLE_EQ(pace.seconds_for(1000, 0), 250);
}

TEST(Pace, GuessesScoringUntilItWasMeasured) {
  train::Pace pace;
  for (int step = 0; step < 3; ++step) pace.add_step(2, 8, 80);
  EXPECT_DOUBLE_EQ(pace.seconds_for(8, 24), 2 + 2);
  pace.add_scoring(48, 24);
  EXPECT_DOUBLE_EQ(pace.seconds_for(8, 24), 2 + 48);
  EXPECT_DOUBLE_EQ(pace.documents_per_second(), 4) << "scoring is no training";
}

// Dawdles once, while the head is probed.
class SlowProbe : public Observer {
 public:
  void progress(const Progress& progress) override {
    if (progress.stage.starts_with("fold")) longest = std::max(longest, progress.seconds_left);
    if (progress.stage.starts_with("prob") && !std::exchange(slept_, true))
      std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  double longest = 0;

 private:
  bool slept_ = false;
};

TEST(TimeLeft, DoesNotTakeTheProbeForTraining) {
  const Task task(300);
  FitOptions options = quick_options();
  options.max_steps = 4;
  options.probe_head = true;
  SlowProbe observer;
  Context context;
  context.observer = &observer;
  nn::Classifier model = tiny_model(3);
  train::Classification objective = objective_of(model, task, options);
  train::fit(objective, {.options = options, .folds = 30}, context);
  EXPECT_GT(observer.longest, 0);
  // Of 120 steps: at the probe's second each they would take minutes, and they take milliseconds.
  EXPECT_LT(observer.longest, 60);
}

}  // namespace
}  // namespace quire::test
