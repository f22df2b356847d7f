// A search over fastText's main options within a budget of time.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "members/shared/word_documents.h"
#include "quire/base/context.h"
#include "quire/members/fasttext_options.h"

namespace quire {

// Which rows to search on, and where.
struct FasttextSearch {
  const WordDocuments* documents = nullptr;
  std::span<const int> labels;         // of every row
  std::span<const std::int64_t> rows;  // the fold's training rows, in random order
  int fold = 0;
  std::filesystem::path directory;  // takes search.tsv, a line a trial
  std::string_view stage;           // names the work in progress reports
  std::size_t most_trials = 0;      // 0: as many as the time allows
};

// Trains with the given options and then with random ones (Bergstra and Bengio 2012), always on the same
// nine tenths of the rows, until `options.search_minutes` are over or the trials are done; returns the
// options that are most accurate on the other tenth. The sequence of trials is fixed by the seed; their
// number is not.
[[nodiscard]] FasttextOptions search_options(const FasttextOptions& options, const FasttextSearch& search,
                                             int threads, const Context& context);

}  // namespace quire
