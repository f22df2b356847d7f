#include "members/shared/word_vectors.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "quire/base/error.h"
#include "quire/base/naming.h"

namespace quire {
namespace {

// What fastText's library, too, takes for the end of a word or a number.
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Takes the first field off `line`; empty at its end.
std::string_view take_field(std::string_view& line) {
  std::size_t begin = 0;
  while (begin < line.size() && is_space(line[begin])) ++begin;
  std::size_t end = begin;
  while (end < line.size() && !is_space(line[end])) ++end;
  const std::string_view field = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return field;
}

std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) return {};
  return value;
}

// A finite number, or nothing.
std::optional<float> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  float value = 0;
  const char* last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, value);
  if (error == std::errc::result_out_of_range) {  // for a float: 1e-50 is 0, 1e50 infinite
    double wide = 0;
    error = std::from_chars(text.data(), last, wide).ec;
    value = static_cast<float>(wide);
  }
  if (error != std::errc() || end != last || !std::isfinite(value)) return {};
  return value;
}

class WordVectors {
 public:
  explicit WordVectors(const std::filesystem::path& path) : path_(path), in_(path) {
    if (!in_) throw_system_error(errno, "open", path.string());
    read_header();
  }

  [[nodiscard]] std::int64_t dim() const { return dim_; }

  // Calls wants(word) for each line, and where it returns a place for the vector, fills it.
  template <typename Wants>
  void read(Wants wants) {
    std::int64_t words = 0;
    while (std::getline(in_, line_)) {
      ++number_;
      std::string_view rest = line_;
      const std::string_view word = take_field(rest);
      if (word.empty() && in_.peek() == std::ifstream::traits_type::eof()) break;  // an empty line at the end
      if (++words > words_) {
        reject(fmt::format("word {} of {} that the first line promises", words, words_),
               "the first line holds the number of words and the size of their vectors");
      }
      if (const auto place = wants(word)) parse_vector(word, rest, *place);
    }
    if (in_.bad()) throw_system_error(EIO, "read", path_.string());
    if (words < words_) {
      reject(fmt::format("the file ends after {} of {} words that the first line promises", words, words_),
             "is it cut off? copy or download it again");
    }
  }

 private:
  [[noreturn]] void reject(const std::string& what, const std::string& hint) const {
    throw InputError(fmt::format("{}:{}: {}", path_.string(), number_, what), hint);
  }

  void read_header() {
    std::getline(in_, line_);
    std::string_view rest = line_;
    const auto words = parse_count(take_field(rest));
    const auto dim = parse_count(take_field(rest));
    if (!words || !dim || !take_field(rest).empty()) {
      reject(fmt::format("{} is not the first line of a .vec file", quoted_name(line_)),
             "it should hold the number of words and the size of their vectors, such as '2000 300'");
    }
    words_ = *words;
    dim_ = *dim;
  }

  void parse_vector(std::string_view word, std::string_view numbers, std::span<float> place) const {
    std::string_view rest = numbers;
    for (std::int64_t i = 0; i < dim_; ++i) {
      const std::string_view field = take_field(rest);
      if (field.empty()) reject_width(word, numbers);
      const auto value = parse_number(field);
      if (!value) {
        reject(fmt::format("{} in the vector of {} is not a finite number", quoted_name(field),
                           quoted_name(word)),
               "numbers have decimal points, and a word holds no spaces");
      }
      if (!place.empty()) place[static_cast<std::size_t>(i)] = *value;
    }
    if (!take_field(rest).empty()) reject_width(word, numbers);
  }

  [[noreturn]] void reject_width(std::string_view word, std::string_view rest) const {
    std::int64_t fields = word.empty() ? 0 : 1;
    while (!take_field(rest).empty()) ++fields;
    reject(fmt::format("expected a word and {} numbers, found {} fields", dim_, fields),
           "each line of a .vec file holds a word and its vector, separated by spaces");
  }

  const std::filesystem::path& path_;
  std::ifstream in_;
  std::string line_;
  std::int64_t number_ = 1;  // of the line, from 1
  std::int64_t words_ = 0;
  std::int64_t dim_ = 0;
};

}  // namespace

std::int64_t check_word_vectors(const std::filesystem::path& path) {
  WordVectors vectors(path);
  vectors.read([](std::string_view) { return std::optional(std::span<float>()); });
  return vectors.dim();
}

std::int64_t read_word_vectors(const std::filesystem::path& path, const std::vector<std::string>& words,
                               std::int64_t dim, std::span<float> table) {
  WordVectors vectors(path);
  if (vectors.dim() != dim) {
    throw InputError(fmt::format("'{}' holds vectors of {} numbers, and had {} when it was checked",
                                 path.string(), vectors.dim(), dim),
                     "leave the file as it is while a run uses it");
  }
  std::unordered_map<std::string_view, std::size_t> rows;
  for (std::size_t row = 0; row < words.size(); ++row) {
    if (!words[row].empty()) rows.emplace(words[row], row);
  }
  std::int64_t found = 0;
  vectors.read([&](std::string_view word) -> std::optional<std::span<float>> {
    const auto row = rows.find(word);
    if (row == rows.end()) return {};
    ++found;
    const auto width = static_cast<std::size_t>(dim);
    return table.subspan(row->second * width, width);
  });
  return found;
}

}  // namespace quire
