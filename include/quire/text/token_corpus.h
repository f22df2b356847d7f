// Tokenised documents in flat arrays: what training keeps of a table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quire {

class TokenCorpus {
 public:
  // One window of a document: ids with special tokens, and the token type of each.
  struct Window {
    std::span<const std::int32_t> ids;
    std::span<const std::uint8_t> segments;
  };

  // A document of one window, or of several.
  void add(std::span<const std::int32_t> ids, std::span<const std::uint8_t> segments, bool truncated);
  void add(std::span<const Window> windows, bool truncated);
  void clear();

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(lengths_.size()); }
  [[nodiscard]] std::int64_t tokens() const { return static_cast<std::int64_t>(ids_.size()); }
  [[nodiscard]] std::int64_t truncated() const { return truncated_; }
  [[nodiscard]] std::int64_t windows() const { return static_cast<std::int64_t>(window_lengths_.size()); }
  // Tokens of each document, all its windows together.
  [[nodiscard]] std::span<const std::int32_t> lengths() const { return lengths_; }
  [[nodiscard]] std::span<const std::int32_t> ids(std::int64_t row) const;
  [[nodiscard]] std::span<const std::uint8_t> segments(std::int64_t row) const;
  // Length of each window of a document.
  [[nodiscard]] std::span<const std::int32_t> windows(std::int64_t row) const;

 private:
  std::vector<std::int32_t> ids_;
  std::vector<std::uint8_t> segments_;
  std::vector<std::int64_t> begins_;
  std::vector<std::int32_t> lengths_;
  std::vector<std::int32_t> window_lengths_;
  std::vector<std::int64_t> window_begins_ = {0};
  std::int64_t truncated_ = 0;
};

}  // namespace quire
