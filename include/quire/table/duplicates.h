// Which documents of a task have the same text: copies of each other, or of rows that were trained on.
#pragma once

#include <compare>
#include <cstdint>
#include <span>

#include "quire/table/documents.h"

namespace quire {

// 128 bits of a document's text, trimmed and otherwise as it stands: two texts that a learner cannot tell
// apart (another order of the words, another case) are not copies.
struct TextFingerprint {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend auto operator<=>(const TextFingerprint&, const TextFingerprint&) = default;
};
[[nodiscard]] TextFingerprint text_fingerprint(const Document& document);

// Rows that repeat the text of another row. They make scores look better than they are.
struct TextDuplicates {
  std::int64_t copies = 0;        // training rows that repeat an earlier one
  std::int64_t across_folds = 0;  // of these, rows that lie in another fold than the first of their kind
  std::int64_t valid = 0;         // rows of --valid that repeat a training row
  std::int64_t test = 0;          // rows of --test that repeat a training row
};

// `fold_of_row` has an entry for each training row. O(n log n), 24 bytes for each training row.
[[nodiscard]] TextDuplicates count_text_duplicates(std::span<const TextFingerprint> train,
                                                   std::span<const int> fold_of_row,
                                                   std::span<const TextFingerprint> valid = {},
                                                   std::span<const TextFingerprint> test = {});

}  // namespace quire
