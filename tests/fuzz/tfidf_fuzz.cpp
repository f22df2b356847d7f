// tfidf.txt, a vocabulary. One that is taken turns a text into numbers that are finite.
#include <cmath>

#include "fuzz/fuzz.h"
#include "quire/terms/term_counts.h"
#include "quire/terms/tfidf.h"

namespace quire {

QUIRE_FUZZ_TARGET(tfidf) {
  static const fuzz::Folder folder;
  const TfIdf tfidf = TfIdf::load(folder.put("tfidf.txt", input));
  TermCounts counts(tfidf.term_options());
  const std::vector<std::string> texts = {"stars and cells of a galaxy", "cells"};
  counts.append(texts, {});
  const std::vector<std::int64_t> rows = {0, 1};
  const SparseMatrix matrix = tfidf.transform(counts, rows, {});
  for (const float value : matrix.values) fuzz::require(std::isfinite(value), "weights are finite");
}

}  // namespace quire
