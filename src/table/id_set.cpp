#include "table/id_set.h"

#include <xxhash.h>

namespace quire {
namespace {

constexpr std::size_t kInitialSlots = 1024;

}  // namespace

IdSet::IdSet() : slots_(kInitialSlots) {}

// The slot that holds the same hash, or the free one where it belongs.
std::size_t IdSet::place_of(const Slot& wanted) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t place = wanted.low & mask;
  while (slots_[place].line != 0 && (slots_[place].low != wanted.low || slots_[place].high != wanted.high)) {
    place = (place + 1) & mask;
  }
  return place;
}

std::int64_t IdSet::insert(std::string_view id, std::int64_t line) {
  const XXH128_hash_t hash = XXH3_128bits(id.data(), id.size());
  const Slot slot{.low = hash.low64, .high = hash.high64, .line = line};
  std::size_t place = place_of(slot);
  if (slots_[place].line != 0) return slots_[place].line;
  if (4 * (size_ + 1) > 3 * slots_.size()) {
    grow();
    place = place_of(slot);
  }
  slots_[place] = slot;
  ++size_;
  return 0;
}

void IdSet::grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.line != 0) slots_[place_of(slot)] = slot;
  }
}

}  // namespace quire
