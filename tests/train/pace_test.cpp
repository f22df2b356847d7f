// What a fit says about its speed and the time left.
#include "train/pace.h"

#include <algorithm>
#include <chrono>
#include <thread>

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
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  double longest = 0;

 private:
  bool slept_ = false;
};

TEST(TimeLeft, DoesNotTakeTheProbeForTraining) {
  const Task task(300);
  train::LoopOptions options = quick_options();
  options.max_steps = 4;
  options.probe_head = true;
  train::LoopInput input = input_of(task);
  input.folds = 300;
  SlowProbe observer;
  Context context;
  context.observer = &observer;
  nn::Classifier model = tiny_model(3);
  train::fit(model, input, options, context);
  EXPECT_GT(observer.longest, 0);
  // 1,200 steps at half a second, would the probe be one; they take milliseconds.
  EXPECT_LT(observer.longest, 120);
}

}  // namespace
}  // namespace quire::test
