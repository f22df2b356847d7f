#include "quire/train/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "quire/base/files.h"
#include "support.h"

namespace quire::test {
namespace {

TEST(Schedule, EqualsTransformers) {
  const auto golden = nlohmann::json::parse(read_file(fixture("golden/optimiser/schedules.json")));
  std::set<std::string> compared;
  for (const auto& schedule : golden["schedules"]) {
    const std::string name = schedule["name"];
    const train::Schedule ours(train::parse_decay(name), schedule["steps"], schedule["warmup_steps"]);
    for (std::size_t step = 0; step < schedule["factors"].size(); ++step) {
      EXPECT_NEAR(ours.factor(static_cast<std::int64_t>(step)), schedule["factors"][step].get<double>(),
                  1e-12)
          << name << step;
    }
    compared.insert(name);
  }
  EXPECT_EQ(compared, (std::set<std::string>{"constant", "cosine", "linear"}));
}

TEST(Schedule, RoundsWarmupUpLikeTransformers) {
  const auto golden = nlohmann::json::parse(read_file(fixture("golden/optimiser/schedules.json")));
  for (const auto& one : golden["warmup"])
    EXPECT_EQ(train::warmup_steps(one["steps"], one["ratio"]), one["warmup_steps"].get<std::int64_t>());
}

class Batches : public ::testing::Test {
 protected:
  Batches() : lengths_(1000), rows_(900) {
    for (std::size_t i = 0; i < lengths_.size(); ++i)
      lengths_[i] = static_cast<std::int32_t>(10 + i * 7919 % 300);
    std::iota(rows_.begin(), rows_.end(), std::int64_t{50});
  }
  [[nodiscard]] auto draw(std::uint64_t seed, std::uint32_t fold, std::uint32_t epoch) const {
    return train::draw_batches(rows_, lengths_, 8, seed, fold, epoch);
  }

  std::vector<std::int32_t> lengths_;
  std::vector<std::int64_t> rows_;
};

TEST_F(Batches, HoldEveryRowOnce) {
  std::vector<std::int64_t> seen;
  for (const auto& batch : draw(1, 0, 0)) seen.insert(seen.end(), batch.begin(), batch.end());
  std::ranges::sort(seen);
  EXPECT_EQ(seen, rows_);
}

TEST_F(Batches, DifferByEpochFoldAndSeedAndRepeat) {
  EXPECT_EQ(draw(1, 0, 0), draw(1, 0, 0));
  EXPECT_NE(draw(1, 0, 0), draw(1, 0, 1));
  EXPECT_NE(draw(1, 0, 0), draw(1, 1, 0));
  EXPECT_NE(draw(1, 0, 0), draw(2, 0, 0));
}

TEST_F(Batches, HoldDocumentsOfLikeLengthInRandomOrder) {
  const auto batches = draw(1, 0, 0);
  double spread = 0;
  std::vector<std::int32_t> longest;
  for (const auto& batch : batches) {
    std::int32_t low = 1000;
    std::int32_t high = 0;
    for (const std::int64_t row : batch) {
      low = std::min(low, lengths_[static_cast<std::size_t>(row)]);
      high = std::max(high, lengths_[static_cast<std::size_t>(row)]);
    }
    longest.push_back(high);
    spread += high - low;
  }
  EXPECT_LT(spread / static_cast<double>(batches.size()), 15);  // random batches of 8: about 230
  EXPECT_FALSE(std::ranges::is_sorted(longest));
  EXPECT_FALSE(std::ranges::is_sorted(longest, std::greater<>()));
}

}  // namespace
}  // namespace quire::test
