#include "members/shared/word_vectors.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <unordered_map>

#include "quire/base/error.h"

namespace quire {

std::int64_t read_word_vectors(const std::filesystem::path& path, const std::vector<std::string>& words,
                               std::int64_t dim, std::span<float> table) {
  std::unordered_map<std::string_view, std::size_t> rows;
  for (std::size_t row = 0; row < words.size(); ++row) rows.emplace(words[row], row);
  std::ifstream file(path);
  if (!file) throw_system_error(errno, "open", path.string());
  std::string line;
  std::getline(file, line);  // the header, which was checked before
  std::int64_t found = 0;
  for (std::int64_t number = 2; std::getline(file, line); ++number) {
    const std::string_view text(line);
    const std::size_t space = text.find(' ');
    const auto row = rows.find(text.substr(0, space));
    if (row == rows.end() || row->first.empty()) continue;
    const char* at = space == std::string_view::npos ? text.data() + text.size() : text.data() + space;
    const char* end = text.data() + text.size();
    float* out = table.data() + row->second * static_cast<std::size_t>(dim);
    for (std::int64_t i = 0; i < dim; ++i) {
      while (at < end && *at == ' ') ++at;
      const auto [next, error] = std::from_chars(at, end, out[i]);
      if (error != std::errc()) {
        throw InputError(
            fmt::format("{}:{}: the vector of '{}' has {} numbers", path.string(), number, row->first, i),
            fmt::format("the first line says {}", dim));
      }
      at = next;
    }
    ++found;
  }
  if (file.bad()) throw_system_error(EIO, "read", path.string());
  return found;
}

}  // namespace quire
