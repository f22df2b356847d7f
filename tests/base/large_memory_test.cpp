#include "quire/base/large_memory.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

namespace quire {
namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

TEST(LargeMemory, AlignsAndHoldsWhatIsWritten) {
  LargeMemory memory;
  std::vector<std::pair<unsigned char*, std::size_t>> blocks;
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, std::size_t{4095}, kMegabyte, 100 * kMegabyte}) {
    auto* data = static_cast<unsigned char*>(memory.allocate(bytes));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % 64, 0U);
    std::memset(data, static_cast<int>(blocks.size() + 1), bytes);
    blocks.emplace_back(data, bytes);
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (std::size_t at = 0; at < blocks[i].second; at += 1000) ASSERT_EQ(blocks[i].first[at], i + 1);
    memory.free(blocks[i].first);
  }
  memory.free(nullptr);
  EXPECT_EQ(memory.used(), 0U);
}

TEST(LargeMemory, UsesAgainWhatWasFreed) {
  LargeMemory memory;
  void* first = memory.allocate(10 * kMegabyte);
  void* second = memory.allocate(20 * kMegabyte);
  memory.free(first);
  EXPECT_EQ(memory.allocate(10 * kMegabyte), first);
  memory.free(first);
  memory.free(second);
  const std::size_t reserved = memory.reserved();
  // Only if the two and what lay behind them have become one.
  void* whole = memory.allocate(reserved - 64);
  EXPECT_EQ(whole, first);
  EXPECT_EQ(memory.reserved(), reserved);
  memory.free(whole);
}

TEST(LargeMemory, TakesTheSmallestBlockThatFits) {
  LargeMemory memory;
  void* large = memory.allocate(8 * kMegabyte);
  void* between = memory.allocate(kMegabyte);
  void* small = memory.allocate(2 * kMegabyte);
  void* last = memory.allocate(kMegabyte);
  memory.free(large);
  memory.free(small);
  EXPECT_EQ(memory.allocate(2 * kMegabyte), small);
  for (void* block : {small, between, last}) memory.free(block);
}

TEST(LargeMemory, RefusesWhatNoMachineHas) {
  LargeMemory memory;
  EXPECT_THROW((void)memory.allocate(SIZE_MAX), std::bad_alloc);
  EXPECT_THROW((void)memory.allocate(std::size_t{1} << 60), std::bad_alloc);
}

// It is called where nothing may be thrown, and perhaps because memory has run out.
TEST(LargeMemory, FreesWithoutAskingForMemory) {
  LargeMemory memory;
  std::vector<void*> blocks;
  for (int i = 0; i < 9; ++i) blocks.push_back(memory.allocate(kMegabyte));
  const std::size_t before = ::mallinfo2().uordblks;
  for (std::size_t i = 0; i < blocks.size(); i += 2) memory.free(blocks[i]);  // no two are neighbours
  EXPECT_LE(::mallinfo2().uordblks, before);
  for (std::size_t i = 1; i < blocks.size(); i += 2) memory.free(blocks[i]);
  EXPECT_EQ(memory.used(), 0U);
}

TEST(LargeMemory, KeepsBlocksApartUnderThreadsAtRandom) {
  LargeMemory memory;
  const auto work = [&](unsigned seed) {
    std::mt19937 random(seed);
    std::vector<std::pair<std::uint32_t*, std::size_t>> blocks;
    for (int i = 0; i < 2000; ++i) {
      if (blocks.size() > 20 || (!blocks.empty() && random() % 3 == 0)) {
        const std::size_t which = random() % blocks.size();
        const auto [data, count] = blocks[which];
        ASSERT_EQ(data[0], seed);
        ASSERT_EQ(data[count - 1], seed);
        memory.free(data);
        blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(which));
      } else {
        const std::size_t count = 1 + random() % 200000;
        auto* data = static_cast<std::uint32_t*>(memory.allocate(count * 4));
        data[0] = data[count - 1] = seed;
        blocks.emplace_back(data, count);
      }
    }
    for (const auto& [data, count] : blocks) memory.free(data);
  };
  std::vector<std::thread> threads;
  for (unsigned seed = 1; seed <= 4; ++seed) threads.emplace_back(work, seed);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(memory.used(), 0U);
  EXPECT_NO_THROW(memory.free(memory.allocate(memory.reserved() / 2)));
}

}  // namespace
}  // namespace quire
