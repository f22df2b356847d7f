// Tokens and their ids, both ways.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quire::text {

// Ids are dense in practice; a larger one means a damaged file.
inline constexpr std::int32_t kLargestId = (1 << 22) - 1;

class Vocabulary {
 public:
  // Of equal tokens the last one counts. `id` is from 0 to kLargestId.
  void add(std::string_view token, std::int32_t id);

  [[nodiscard]] std::optional<std::int32_t> find(std::string_view token) const;
  template <typename OnToken>
  void for_each(OnToken on_token) const {
    for (const Entry& entry : entries_) on_token(token_of(entry), entry.id);
  }
  // The token with an id; empty when there is none.
  [[nodiscard]] std::string_view token(std::int32_t id) const noexcept;
  // Number of different tokens.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  // One more than the largest id.
  [[nodiscard]] std::int32_t id_end() const noexcept { return static_cast<std::int32_t>(by_id_.size()); }

 private:
  struct Entry {
    std::size_t offset;
    std::uint32_t length;
    std::int32_t id;
  };
  static constexpr std::uint32_t kNothing = 0xFFFFFFFF;

  [[nodiscard]] std::string_view token_of(const Entry& entry) const noexcept {
    return std::string_view(bytes_).substr(entry.offset, entry.length);
  }
  // The slot that holds `token`, or the empty one where it belongs.
  [[nodiscard]] std::size_t slot_of(std::string_view token) const noexcept;
  void grow();

  std::string bytes_;  // all tokens, one behind the other
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // entry indices by hash, open addressing, at most half full
  std::vector<std::uint32_t> by_id_;  // entry indices
};

}  // namespace quire::text
