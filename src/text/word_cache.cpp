#include "text/word_cache.h"

#include <algorithm>

namespace quire::text {

void WordCache::insert(const Key& key, std::span<const std::int32_t> ids) const noexcept {
  if (ids.size() > kMostIds) return;
  for (std::size_t i = 0; i < kPlaces; ++i) {
    Slot& slot = slots_[place(key, i)];
    std::uint32_t state = kEmpty;
    if (slot.state.compare_exchange_strong(state, kBusy, std::memory_order_acquire)) {
      slot.length = key.length;
      slot.count = static_cast<std::uint8_t>(ids.size());
      std::ranges::copy(ids, slot.ids.begin());
      slot.bytes = key.bytes;
      slot.state.store(ready_state(key), std::memory_order_release);
      return;
    }
    if (state == ready_state(key)) return;  // another thread was faster, or as good as
  }
}

}  // namespace quire::text
