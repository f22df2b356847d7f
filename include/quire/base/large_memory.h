// Memory for tensors, which come and go in the same sizes every step: kept when freed instead of returned to
// the system, whose fresh pages cost more than the work on them, and in huge pages where the system gives
// them on request (MADV_HUGEPAGE), since a step walks through hundreds of megabytes.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

namespace quire {

// The smallest free block that fits, split; neighbours that are free are one block (Knuth, The Art of
// Computer Programming, 2.5). Safe from several threads.
class LargeMemory {
 public:
  // What the process's tensors use. Never destroyed: tensors may outlive everything else.
  static LargeMemory& of_process();

  LargeMemory() = default;
  ~LargeMemory();
  LargeMemory(const LargeMemory&) = delete;
  LargeMemory& operator=(const LargeMemory&) = delete;

  // Aligned to 64 bytes, not set to anything. Throws std::bad_alloc.
  [[nodiscard]] void* allocate(std::size_t bytes);
  // What allocate() gave; null does nothing.
  void free(void* data) noexcept;

  // Bytes of address space asked of the system so far: what does not grow when all memory is reused.
  [[nodiscard]] std::size_t reserved() const;
  // Bytes in blocks that are not free. Both count blocks of 64 KiB and more; smaller ones are malloc's.
  [[nodiscard]] std::size_t used() const;

 private:
  using Blocks = std::map<std::byte*, std::size_t>;
  using BlocksBySize = std::set<std::pair<std::size_t, std::byte*>>;
  // A free block's entries in the two lists.
  struct Entries {
    Blocks::node_type by_address;
    BlocksBySize::node_type by_size;
  };

  static Entries make_entries();
  void add_free(std::byte* block, std::size_t size, Entries entries) noexcept;
  Entries remove_free(Blocks::iterator block) noexcept;
  void reserve(std::size_t size);

  mutable std::mutex mutex_;
  Blocks free_;
  BlocksBySize by_size_;  // the same
  // For each block in use, what free() will list it with: it must not fail, so it must not ask for memory.
  std::vector<Entries> spare_;
  Blocks chunks_;  // what the system gave
  std::size_t reserved_ = 0, used_ = 0;
};

}  // namespace quire
