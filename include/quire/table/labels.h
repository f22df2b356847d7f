// The classes of a task: names and their indices.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace quire {

// Names are unique, not empty and hold no line break (a file keeps one a line); anything else,
// spaces included, may stand in them.
class LabelSet {
 public:
  LabelSet() = default;

  // The names in the order given: index i is names[i]. Throws InputError for a name that is
  // empty, occurs twice or holds a line break.
  explicit LabelSet(std::vector<std::string> names);

  // The distinct labels, sorted by their bytes: the same set whatever the order of the rows.
  [[nodiscard]] static LabelSet from(std::span<const std::string> labels);

  [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }
  [[nodiscard]] const std::string& name(int index) const {
    return names_.at(static_cast<std::size_t>(index));
  }
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  [[nodiscard]] std::optional<int> find(std::string_view name) const;

  // labels.txt: one name a line, in the order of the indices.
  void write(const std::filesystem::path& path) const;
  [[nodiscard]] static LabelSet read(const std::filesystem::path& path);

  friend bool operator==(const LabelSet& a, const LabelSet& b) { return a.names_ == b.names_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  std::vector<std::string> names_;
  std::unordered_map<std::string, int, Hash, std::equal_to<>> index_;
};

}  // namespace quire
