#include "text/trie.h"

#include <algorithm>
#include <array>
#include <span>

namespace quire::text {

class Trie::Builder {
 public:
  explicit Builder(std::vector<Node>& nodes) : nodes_(nodes) {}

  // `entries` are sorted, unlike each other and not empty.
  void build(std::span<const Entry> entries) {
    nodes_.assign(1 + kBytes, Node());
    nodes_[kRoot].parent = kRootsParent;
    std::vector<Branch> open{{kRoot, 0, entries}};
    while (!open.empty()) {
      const Branch branch = open.back();
      open.pop_back();
      expand(branch, open);
    }
  }

 private:
  static constexpr std::size_t kBytes = 256;
  static constexpr State kRootsParent = kNone - 1;  // takes the place and is no state

  // Entries that share the first `depth` bytes, which lead to `state`.
  struct Branch {
    State state;
    std::size_t depth;
    std::span<const Entry> entries;
  };

  void expand(const Branch& branch, std::vector<Branch>& open) {
    std::span<const Entry> rest = branch.entries;
    if (!rest.empty() && rest.front().first.size() == branch.depth) {
      nodes_[branch.state].value = rest.front().second;
      rest = rest.subspan(1);
    }
    if (rest.empty()) return;
    find_bytes(rest, branch.depth);
    const State base = find_base();
    nodes_[branch.state].base = base;
    for (std::size_t i = 0; i < byte_count_; ++i) {
      const State next = base + bytes_[i];
      nodes_[next].parent = branch.state;
      open.push_back({next, branch.depth + 1, rest.subspan(starts_[i], starts_[i + 1] - starts_[i])});
    }
  }

  // The different bytes at `depth`, and where the entries with each begin.
  void find_bytes(std::span<const Entry> entries, std::size_t depth) {
    byte_count_ = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto byte = static_cast<unsigned char>(entries[i].first[depth]);
      if (byte_count_ > 0 && bytes_[byte_count_ - 1] == byte) continue;
      bytes_[byte_count_] = byte;
      starts_[byte_count_++] = i;
    }
    starts_[byte_count_] = entries.size();
  }

  // The first place where all of bytes_ are free. The search starts behind a region that has
  // become nearly full, without which building would take quadratic time.
  State find_base() {
    std::size_t taken = 0;
    std::size_t place = std::max<std::size_t>(search_from_, bytes_[0] + 1U);
    const std::size_t first = place;
    for (;; ++place) {
      reserve(place + kBytes);
      if (nodes_[place].parent != kNone) {
        ++taken;
      } else if (fits(place - bytes_[0])) {
        break;
      }
    }
    if (taken * 20 >= (place - first + 1) * 19) search_from_ = place;
    const auto base = static_cast<State>(place - bytes_[0]);
    reserve(base + kBytes);
    return base;
  }

  [[nodiscard]] bool fits(std::size_t base) const {
    return std::all_of(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(byte_count_),
                       [&](unsigned char byte) { return nodes_[base + byte].parent == kNone; });
  }

  void reserve(std::size_t size) {
    if (size >= nodes_.size()) nodes_.resize(std::max(size + 1, nodes_.size() + nodes_.size() / 2));
  }

  std::vector<Node>& nodes_;
  std::size_t search_from_ = 1;
  std::size_t byte_count_ = 0;
  std::array<unsigned char, kBytes> bytes_{};
  std::array<std::size_t, kBytes + 1> starts_{};
};

Trie::Trie(std::vector<Entry> entries) {
  const auto by_string = [](const Entry& a, const Entry& b) { return a.first < b.first; };
  std::ranges::stable_sort(entries, by_string);
  // Backwards, so that the last of equal strings is the one that stays.
  const auto same = [](const Entry& a, const Entry& b) { return a.first == b.first; };
  const auto kept = std::unique(entries.rbegin(), entries.rend(), same).base();
  const auto begin =
      std::find_if(kept, entries.end(), [](const Entry& entry) { return !entry.first.empty(); });
  Builder(nodes_).build({begin, entries.end()});
}

}  // namespace quire::text
