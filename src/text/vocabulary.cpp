#include "text/vocabulary.h"

#include <xxhash.h>

#include <algorithm>

namespace quire::text {

void Vocabulary::add(std::string_view token, std::int32_t id) {
  if (slots_.size() < 2 * (entries_.size() + 1)) grow();
  std::uint32_t& slot = slots_[slot_of(token)];
  if (slot == kNothing) {
    slot = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({bytes_.size(), static_cast<std::uint32_t>(token.size()), id});
    bytes_ += token;
  } else {
    std::uint32_t& former = by_id_[static_cast<std::size_t>(entries_[slot].id)];
    if (former == slot) former = kNothing;
    entries_[slot].id = id;
  }
  if (id >= id_end()) by_id_.resize(static_cast<std::size_t>(id) + 1, kNothing);
  by_id_[static_cast<std::size_t>(id)] = slot;
}

std::optional<std::int32_t> Vocabulary::find(std::string_view token) const {
  if (slots_.empty()) return {};
  const std::uint32_t entry = slots_[slot_of(token)];
  if (entry == kNothing) return {};
  return entries_[entry].id;
}

std::string_view Vocabulary::token(std::int32_t id) const noexcept {
  if (id < 0 || id >= id_end()) return {};
  const std::uint32_t entry = by_id_[static_cast<std::size_t>(id)];
  return entry == kNothing ? std::string_view() : token_of(entries_[entry]);
}

std::size_t Vocabulary::slot_of(std::string_view token) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = XXH3_64bits(token.data(), token.size()) & mask;
  while (slots_[slot] != kNothing && token_of(entries_[slots_[slot]]) != token) slot = (slot + 1) & mask;
  return slot;
}

void Vocabulary::grow() {
  slots_.assign(std::max<std::size_t>(1024, 4 * slots_.size()), kNothing);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    slots_[slot_of(token_of(entries_[i]))] = static_cast<std::uint32_t>(i);
  }
}

}  // namespace quire::text
