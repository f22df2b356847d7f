#include "quire/text/token_corpus.h"

namespace quire {

void TokenCorpus::add(std::span<const std::int32_t> ids, std::span<const std::uint8_t> segments,
                      bool truncated) {
  const Window window{ids, segments};
  add({&window, 1}, truncated);
}

void TokenCorpus::add(std::span<const Window> windows, bool truncated) {
  begins_.push_back(tokens());
  for (const Window& window : windows) {
    window_lengths_.push_back(static_cast<std::int32_t>(window.ids.size()));
    ids_.insert(ids_.end(), window.ids.begin(), window.ids.end());
    segments_.insert(segments_.end(), window.segments.begin(), window.segments.end());
  }
  lengths_.push_back(static_cast<std::int32_t>(tokens() - begins_.back()));
  window_begins_.push_back(static_cast<std::int64_t>(window_lengths_.size()));
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

std::span<const std::int32_t> TokenCorpus::windows(std::int64_t row) const {
  const auto index = static_cast<std::size_t>(row);
  return {window_lengths_.data() + window_begins_[index],
          static_cast<std::size_t>(window_begins_[index + 1] - window_begins_[index])};
}

}  // namespace quire
