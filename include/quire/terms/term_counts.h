// Documents as counts of terms: words, n-grams of words or of characters, as scikit-learn's
// CountVectorizer cuts them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quire/base/context.h"

namespace quire {

// word        runs of two or more letters, digits and '_'; n-grams of them are joined by a space
// char        any characters; runs of white space count as one space
// char_wb     characters within words (apart by white space) that begin and end with a space
enum class Analyzer { word, character, character_within_words };

struct TermOptions {
  Analyzer analyzer = Analyzer::word;
  std::int64_t min_n = 1;  // shortest n-gram
  std::int64_t max_n = 1;  // longest
  bool lowercase = true;   // by Unicode's rules

  friend bool operator==(const TermOptions&, const TermOptions&) = default;
};

// Distinct strings, numbered from 0 in the order in which they came.
class TermTable {
 public:
  [[nodiscard]] static std::uint64_t hash(std::string_view term);

  // `hash` is that of `term`. -1: not there.
  [[nodiscard]] std::int32_t find(std::string_view term, std::uint64_t hash) const;
  // The number of `term`, which is added if it is new. Throws Error beyond 2^31 - 1 terms.
  std::int32_t add(std::string_view term, std::uint64_t hash);

  [[nodiscard]] std::int32_t size() const { return static_cast<std::int32_t>(hashes_.size()); }
  [[nodiscard]] std::string_view term(std::int32_t id) const {
    const auto index = static_cast<std::size_t>(id);
    return std::string_view(bytes_).substr(begins_[index], begins_[index + 1] - begins_[index]);
  }
  [[nodiscard]] std::uint64_t hash_of(std::int32_t id) const { return hashes_[static_cast<std::size_t>(id)]; }
  void clear();

 private:
  [[nodiscard]] std::size_t slot_of(std::string_view term, std::uint64_t hash) const;
  void grow();

  std::string bytes_;                      // all terms, one after another
  std::vector<std::size_t> begins_ = {0};  // [size + 1]
  std::vector<std::uint64_t> hashes_;      // [size]
  std::vector<std::int32_t> slots_;        // open addressing, a power of two; -1: free
};

struct TermCount {
  std::int32_t term = 0;
  std::int32_t count = 0;
};

// Takes 8 bytes for each distinct term of a document, and for each distinct term of all documents its
// bytes and 20 to 30 more. The text itself is not kept.
class TermCounts {
 public:
  // Throws InputError for n-grams shorter than 1 or a shortest one longer than the longest.
  explicit TermCounts(const TermOptions& options = {});

  // Adds documents, in parallel; terms are numbered the same for any number of threads.
  void append(std::span<const std::string> texts, const Context& context);
  void clear();

  [[nodiscard]] const TermOptions& options() const { return options_; }
  [[nodiscard]] const TermTable& terms() const { return terms_; }
  [[nodiscard]] std::int64_t rows() const { return static_cast<std::int64_t>(begins_.size()) - 1; }
  // Distinct terms of a document with their counts, in the order of their first occurrence.
  [[nodiscard]] std::span<const TermCount> row(std::int64_t index) const {
    const std::size_t begin = begins_[static_cast<std::size_t>(index)];
    return {counts_.data() + begin, begins_[static_cast<std::size_t>(index) + 1] - begin};
  }

 private:
  TermOptions options_;
  TermTable terms_;
  std::vector<std::size_t> begins_ = {0};  // [rows + 1]
  std::vector<TermCount> counts_;
};

}  // namespace quire
