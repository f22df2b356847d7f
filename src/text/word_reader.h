// The loop that both tokenizers share: a word's ids come out of the cache, or are computed and
// put there.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "text/word_cache.h"

namespace quire::text {

// Ids on their way into a vector, through a buffer that makes adding a few of them cheap.
class IdWriter {
 public:
  explicit IdWriter(std::vector<std::int32_t>& ids) : ids_(ids) {}
  ~IdWriter() { flush(); }
  IdWriter(const IdWriter&) = delete;
  IdWriter& operator=(const IdWriter&) = delete;

  void push(std::int32_t id) {
    if (count_ == kCapacity) flush();
    buffer_[count_++] = id;
  }
  void push(WordCache::Found word) {
    if (count_ + WordCache::kMostIds > kCapacity) flush();
    // A slot holds room for kMostIds, so that the copy has a fixed size.
    std::memcpy(&buffer_[count_], word.ids, WordCache::kMostIds * sizeof(std::int32_t));
    count_ += word.count;
  }
  // The vector, with everything in it that was pushed.
  std::vector<std::int32_t>& flush() {
    ids_.insert(ids_.end(), buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(count_));
    count_ = 0;
    return ids_;
  }

 private:
  static constexpr std::size_t kCapacity = 256;
  std::vector<std::int32_t>& ids_;
  std::array<std::int32_t, kCapacity> buffer_;
  std::size_t count_ = 0;
};

// Writes the ids of `word`, which lies in a buffer that ends at `end`. compute(ids) appends them
// to a vector when they are not known.
template <typename Compute>
void write_word(std::string_view word, const char* end, const WordCache& cache, IdWriter& writer,
                Compute compute) {
  if (word.size() > WordCache::kLongestWord) {
    compute(writer.flush());
    return;
  }
  const WordCache::Key key = WordCache::key_of(word, end);
  if (const WordCache::Found known = cache.find(key); known.ids != nullptr) {
    writer.push(known);
    return;
  }
  std::vector<std::int32_t>& ids = writer.flush();
  const std::size_t before = ids.size();
  compute(ids);
  cache.insert(key, std::span(ids).subspan(before));
}

}  // namespace quire::text
