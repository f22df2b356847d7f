#include "quire/train/corpus.h"

namespace quire::train {

void TokenCorpus::add(std::span<const std::int32_t> ids, std::span<const std::uint8_t> segments,
                      bool truncated) {
  begins_.push_back(tokens());
  lengths_.push_back(static_cast<std::int32_t>(ids.size()));
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  segments_.insert(segments_.end(), segments.begin(), segments.end());
  truncated_ += truncated ? 1 : 0;
}

void TokenCorpus::clear() { *this = TokenCorpus(); }

std::span<const std::int32_t> TokenCorpus::ids(std::int64_t row) const {
  const auto index = static_cast<std::size_t>(row);
  return {ids_.data() + begins_[index], static_cast<std::size_t>(lengths_[index])};
}

std::span<const std::uint8_t> TokenCorpus::segments(std::int64_t row) const {
  const auto index = static_cast<std::size_t>(row);
  return {segments_.data() + begins_[index], static_cast<std::size_t>(lengths_[index])};
}

}  // namespace quire::train
