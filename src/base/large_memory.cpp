#include "quire/base/large_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>

namespace quire {
namespace {

constexpr std::size_t kAlignment = 64;
// Before each block: its size, 0 if it is malloc's. A whole line, so that data stays aligned and blocks of
// one size do not begin at the same place of a page, where their rows would push each other out of the
// first-level cache.
constexpr std::size_t kHeader = kAlignment;
// Below, malloc's own lists are quicker.
constexpr std::size_t kSmall = std::size_t{64} << 10;
// A rest below this stays with the block it would be cut from.
constexpr std::size_t kSmallestRest = 4096;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kChunk = std::size_t{64} << 20;

constexpr std::size_t rounded_up(std::size_t size, std::size_t step) {
  return (size + step - 1) / step * step;
}

// Notes the size at the beginning of a block; its data.
void* begin_block(void* block, std::size_t size) {
  std::memcpy(block, &size, sizeof size);
  return static_cast<std::byte*>(block) + kHeader;
}

}  // namespace

LargeMemory& LargeMemory::of_process() {
  static auto* memory = new LargeMemory;
  return *memory;
}

LargeMemory::~LargeMemory() {
  for (const auto& [chunk, size] : chunks_) ::munmap(chunk, size);
}

LargeMemory::Entries LargeMemory::make_entries() {
  Blocks block = {{nullptr, 0}};
  BlocksBySize size = {{0, nullptr}};
  return {block.extract(block.begin()), size.extract(size.begin())};
}

void LargeMemory::add_free(std::byte* block, std::size_t size, Entries entries) noexcept {
  auto next = free_.lower_bound(block);
  if (next != free_.end() && block + size == next->first) {
    size += next->second;
    const auto merged = next++;
    remove_free(merged);
  }
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == block) {
      block = before->first;
      size += before->second;
      remove_free(before);
    }
  }
  entries.by_address.key() = block;
  entries.by_address.mapped() = size;
  entries.by_size.value() = {size, block};
  free_.insert(std::move(entries.by_address));
  by_size_.insert(std::move(entries.by_size));
}

LargeMemory::Entries LargeMemory::remove_free(Blocks::iterator block) noexcept {
  BlocksBySize::node_type by_size = by_size_.extract({block->second, block->first});
  return {free_.extract(block), std::move(by_size)};
}

// A chunk of whole huge pages that holds a block of `size`.
void LargeMemory::reserve(std::size_t size) {
  Entries entries = make_entries();
  const std::size_t wanted = rounded_up(std::max(size, kChunk), kHugePage);
  const std::size_t mapped = wanted + kHugePage;
  void* begin = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (begin == MAP_FAILED) throw std::bad_alloc();
  const std::size_t before = rounded_up(reinterpret_cast<std::uintptr_t>(begin), kHugePage) -
                             reinterpret_cast<std::uintptr_t>(begin);
  auto* chunk = static_cast<std::byte*>(begin) + before;
  if (before > 0) ::munmap(begin, before);
  if (before < kHugePage) ::munmap(chunk + wanted, kHugePage - before);
  // Without huge pages it is slower and still right.
  (void)::madvise(chunk, wanted, MADV_HUGEPAGE);
  try {
    chunks_.emplace(chunk, wanted);
  } catch (const std::bad_alloc&) {
    ::munmap(chunk, wanted);
    throw;
  }
  reserved_ += wanted;
  add_free(chunk, wanted, std::move(entries));
}

void* LargeMemory::allocate(std::size_t bytes) {
  if (bytes > PTRDIFF_MAX - kChunk) throw std::bad_alloc();
  std::size_t size = rounded_up(std::max<std::size_t>(bytes, 1), kAlignment) + kHeader;
  if (size < kSmall) {
    void* block = std::aligned_alloc(kAlignment, size);
    if (block == nullptr) throw std::bad_alloc();
    return begin_block(block, 0);
  }
  const std::lock_guard lock(mutex_);
  auto found = by_size_.lower_bound({size, nullptr});
  if (found == by_size_.end()) {
    reserve(size);
    found = by_size_.lower_bound({size, nullptr});
  }
  const auto [whole, block] = *found;
  const bool has_rest = whole - size >= kSmallestRest;
  Entries of_rest = has_rest ? make_entries() : Entries{};
  spare_.emplace_back();  // from here on nothing asks for memory
  spare_.back() = remove_free(free_.find(block));
  if (has_rest) {
    add_free(block + size, whole - size, std::move(of_rest));
  } else {
    size = whole;
  }
  used_ += size;
  return begin_block(block, size);
}

void LargeMemory::free(void* data) noexcept {
  if (data == nullptr) return;
  std::byte* block = static_cast<std::byte*>(data) - kHeader;
  std::size_t size = 0;
  std::memcpy(&size, block, sizeof size);
  if (size == 0) {
    std::free(block);
    return;
  }
  const std::lock_guard lock(mutex_);
  used_ -= size;
  Entries entries = std::move(spare_.back());
  spare_.pop_back();
  add_free(block, size, std::move(entries));
}

std::size_t LargeMemory::reserved() const {
  const std::lock_guard lock(mutex_);
  return reserved_;
}

std::size_t LargeMemory::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

}  // namespace quire
