// Documents that are nearly the same text: MinHash over shingles of words, checked exactly.
//
// Two documents are near duplicates when the Jaccard similarity of their SETS of shingles (runs of `words`
// words, each counted once however often it occurs) is at least `threshold`. Words are runs of letters and
// digits, without regard to the case of ASCII letters. A document of fewer words than a shingle has a single
// one, of all its words; one without words resembles nothing. Paraphrases are not found.
//
// MinHash (Broder 1997) proposes pairs by bands of equal minima, so wide that a pair at the threshold is
// missed with a probability of at most 1e-4 and pairs well below it are proposed too; the similarity of each
// proposed pair is then counted, so every pair reported is one.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "quire/base/context.h"

namespace quire {

struct NearDuplicateOptions {
  double threshold = 0.8;  // in (0, 1]
  int words = 3;           // of a shingle, at least 1
};

// first < second, numbered in the order they were added. Of several documents with the very same shingles the
// first stands for all: the others are paired with it at similarity 1, and it alone with third ones.
struct NearDuplicatePair {
  std::int64_t first = 0;
  std::int64_t second = 0;
  double similarity = 0;
};

struct NearDuplicates {
  std::vector<NearDuplicatePair> pairs;  // by first, then second
  // [documents]: the first document it is connected to by pairs, or itself.
  std::vector<std::int64_t> group;
};

// Holds 8 bytes for each distinct shingle of each document, and 400 or so for each document while it
// searches.
class NearDuplicateFinder {
 public:
  // Throws InputError for options out of range.
  explicit NearDuplicateFinder(const NearDuplicateOptions& options);

  // The next document; several fields of one are added as one text.
  void add(std::string_view text);
  [[nodiscard]] std::int64_t documents() const { return static_cast<std::int64_t>(begins_.size()) - 1; }

  // Of all documents so far. The result does not depend on `context.threads`.
  [[nodiscard]] NearDuplicates find(const Context& context) const;

 private:
  NearDuplicateOptions options_;
  std::vector<std::uint64_t> shingles_;         // of all documents, each document's sorted and distinct
  std::vector<std::int64_t> begins_ = {0};      // [documents + 1]
  std::vector<std::uint64_t> words_, scratch_;  // of the document that is being added
};

}  // namespace quire
