#include "progress_line.h"

#include <gtest/gtest.h>

#include "quire/base/utf8.h"

namespace quire::app {
namespace {

const Progress training{.stage = "fold 1/5 epoch 2/3",
                        .done = 428,
                        .total = 1000,
                        .detail = "loss 0.412  lr 3.10e-05  15.2 docs/s  2041 tokens/s",
                        .seconds_left = 760};

TEST(ProgressLine, SaysEverythingWhereThereIsRoom) {
  EXPECT_EQ(progress_line(training, 200),
            "fold 1/5 epoch 2/3  42%  loss 0.412  lr 3.10e-05  15.2 docs/s  2041 tokens/s  12m40s left");
}

TEST(ProgressLine, LeavesOutTheLastDetailsInSixtyColumns) {
  EXPECT_EQ(progress_line(training, 60), "fold 1/5 epoch 2/3  42%  loss 0.412  12m40s left");
  EXPECT_EQ(progress_line(training, 40), "fold 1/5 epoch 2/3  42%  12m40s left");
}

TEST(ProgressLine, ShortensTheStageBeforePercentageAndTime) {
  EXPECT_EQ(progress_line(training, 30), "fold ... 2/3  42%  12m40s left");
  EXPECT_EQ(progress_line(training, 20), "fo  42%  12m40s left");
  EXPECT_EQ(progress_line(training, 5), "  42%");
  EXPECT_EQ(progress_line(training, 0), "");
}

TEST(ProgressLine, NeverExceedsTheWidth) {
  Progress progress = training;
  progress.stage = "reading Ünïcödé-データ\U0001F600.tsv";
  progress.detail = "Größe 3  データ 17  ok";
  for (std::size_t width = 0; width < 100; ++width) {
    std::string line = progress_line(progress, width);
    EXPECT_LE(columns_of(line), width) << line;
    EXPECT_EQ(repair_utf8(line), 0U) << "cut inside a character at " << width << ": " << line;
  }
}

TEST(ProgressLine, ReplacesWhatATerminalWouldObey) {
  const Progress progress{.stage = "reading a\033[2Jb\n\xFF.tsv", .detail = {}};
  EXPECT_EQ(progress_line(progress, 60), "reading a?[2Jb?\uFFFD.tsv");
}

TEST(ProgressLine, ReachesOneHundredPercentOnlyAtTheEnd) {
  Progress progress{.stage = "predicting", .done = 9999, .total = 10000, .detail = "2001 documents"};
  EXPECT_EQ(progress_line(progress, 60), "predicting  99%  2001 documents");
  progress.done = 10000;
  progress.seconds_left = 0;
  EXPECT_EQ(progress_line(progress, 60), "predicting 100%  2001 documents");
}

TEST(ProgressLine, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(progress_line({.stage = "cleaning", .done = 7, .detail = "7 rows"}, 60), "cleaning  7 rows");
}

TEST(ProgressLine, SaysTimesInTheirUnit) {
  Progress progress{.stage = "s", .done = 1, .total = 2, .detail = {}, .seconds_left = 59.2};
  EXPECT_EQ(progress_line(progress, 60), "s  50%  59s left");
  progress.seconds_left = 3599.7;
  EXPECT_EQ(progress_line(progress, 60), "s  50%  1h00m left");
}

}  // namespace
}  // namespace quire::app
