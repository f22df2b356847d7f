// Finds duplicates among many strings without keeping them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace quire {

// Open addressing over 128-bit hashes: two of a billion different ids collide with a chance of
// about 1e-21.
class IdSet {
 public:
  IdSet();

  // Adds `id`, met in `line` (> 0), and returns 0; or the line in which it was met before.
  std::int64_t insert(std::string_view id, std::int64_t line);

 private:
  struct Slot {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::int64_t line = 0;  // 0: free
  };

  [[nodiscard]] std::size_t place_of(const Slot& wanted) const;
  void grow();

  std::vector<Slot> slots_;  // a power of two of them
  std::size_t size_ = 0;
};

}  // namespace quire
