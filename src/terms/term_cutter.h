// Cuts a text into terms, as scikit-learn's analyzers do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "quire/terms/term_counts.h"

namespace quire::terms {

// Holds the scratch of one thread.
class TermCutter {
 public:
  explicit TermCutter(const TermOptions& options) : options_(options) {}

  // Where a term stands, and its hash. `term()` gives its text.
  struct Occurrence {
    std::uint64_t hash;
    std::uint32_t begin, size;  // bytes of `bytes()`
  };

  // Terms of `text`, in the order of their lengths and places; valid until the next call.
  const std::vector<Occurrence>& cut(std::string_view text);
  [[nodiscard]] std::string_view term(const Occurrence& occurrence) const {
    return std::string_view(bytes_).substr(occurrence.begin, occurrence.size);
  }

 private:
  void cut_words(std::string_view text);
  void cut_characters(std::string_view text);
  void cut_characters_within_words(std::string_view text);
  void add_characters(std::size_t begin, std::size_t end, bool short_ones_once);
  void add(std::size_t begin, std::size_t size);

  TermOptions options_;
  std::string repaired_, lowered_;
  std::string bytes_;                  // what the terms are pieces of
  std::vector<std::uint32_t> places_;  // where words or characters begin in bytes_, and the end
  std::vector<Occurrence> occurrences_;
};

}  // namespace quire::terms
