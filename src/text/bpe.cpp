#include "text/bpe.h"

#include <algorithm>

#include "text/byte_level.h"

namespace quire::text {

Bpe::Bpe(const Vocabulary& vocabulary, const std::vector<BpeMerge>& merges, const BpeOptions& options)
    : vocabulary_(vocabulary), options_(options) {
  for (std::size_t byte = 0; byte < byte_ids_.size(); ++byte) {
    byte_ids_[byte] = vocabulary.find(byte_level_character(static_cast<std::uint8_t>(byte))).value_or(-1);
  }
  std::size_t capacity = 2;
  while (capacity < 2 * (merges.size() + 1)) capacity *= 2;
  slots_.resize(capacity);
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const BpeMerge& merge = merges[rank];
    slots_[slot_of(merge.left, merge.right)] = {
        merge.left, merge.right, {static_cast<std::uint32_t>(rank), merge.merged}};
  }
}

std::size_t Bpe::slot_of(std::int32_t left, std::int32_t right) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  const auto pair = (static_cast<std::uint64_t>(left) << 32) | static_cast<std::uint32_t>(right);
  std::uint64_t hash = pair * 0x9E3779B97F4A7C15;
  hash ^= hash >> 32;
  std::size_t slot = hash & mask;
  while (slots_[slot].left != -1 && (slots_[slot].left != left || slots_[slot].right != right)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

const Bpe::Merge* Bpe::find(std::int32_t left, std::int32_t right) const noexcept {
  const MergeSlot& slot = slots_[slot_of(left, right)];
  return slot.left == -1 ? nullptr : &slot.merge;
}

void Bpe::append_ids(std::string_view word, std::vector<std::int32_t>& ids, Scratch& scratch) const {
  if (options_.whole_words_first) {
    if (const auto id = vocabulary_.find(to_byte_level(word))) {
      ids.push_back(*id);
      return;
    }
  }
  fill_symbols(word, scratch);
  merge_all(scratch);
  for (const Scratch::Symbol& symbol : scratch.symbols) {
    if (symbol.id >= 0) ids.push_back(symbol.id);
  }
}

void Bpe::fill_symbols(std::string_view word, Scratch& scratch) const {
  scratch.symbols.clear();
  bool after_unknown = false;
  for (const char byte : word) {
    std::int32_t id = byte_ids_[static_cast<unsigned char>(byte)];
    const bool unknown = id < 0;
    if (unknown) {
      if (!options_.unknown || (after_unknown && options_.fuse_unknown)) continue;
      id = *options_.unknown;
    }
    after_unknown = unknown;
    const auto index = static_cast<std::int32_t>(scratch.symbols.size());
    scratch.symbols.push_back({id, index - 1, index + 1});
  }
  if (!scratch.symbols.empty()) scratch.symbols.back().next = -1;
}

void Bpe::push_merge(std::int32_t position, Scratch& scratch) const {
  const Scratch::Symbol& left = scratch.symbols[static_cast<std::size_t>(position)];
  const Scratch::Symbol& right = scratch.symbols[static_cast<std::size_t>(left.next)];
  if (const Merge* merge = find(left.id, right.id)) {
    scratch.queue.push_back({merge->rank, position, merge->merged});
    std::push_heap(scratch.queue.begin(), scratch.queue.end());
  }
}

void Bpe::merge_all(Scratch& scratch) const {
  auto& symbols = scratch.symbols;
  auto& queue = scratch.queue;
  queue.clear();
  for (std::size_t i = 0; i + 1 < symbols.size(); ++i) push_merge(static_cast<std::int32_t>(i), scratch);
  while (!queue.empty()) {
    const Scratch::Candidate best = queue.front();
    std::pop_heap(queue.begin(), queue.end());
    queue.pop_back();
    Scratch::Symbol& left = symbols[static_cast<std::size_t>(best.position)];
    if (left.id < 0 || left.next < 0) continue;
    Scratch::Symbol& right = symbols[static_cast<std::size_t>(left.next)];
    // Either symbol may have changed since this was queued.
    const Merge* merge = find(left.id, right.id);
    if (merge == nullptr || merge->merged != best.merged) continue;
    left.id = best.merged;
    left.next = right.next;
    right.id = -1;
    if (left.next >= 0) {
      symbols[static_cast<std::size_t>(left.next)].previous = best.position;
      push_merge(best.position, scratch);
    }
    if (left.previous >= 0) push_merge(left.previous, scratch);
  }
}

}  // namespace quire::text
