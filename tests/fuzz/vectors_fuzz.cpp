// A .vec file of word vectors.
#include <cmath>

#include "fuzz/fuzz.h"
#include "members/shared/word_vectors.h"

namespace quire {

QUIRE_FUZZ_TARGET(vectors) {
  static const fuzz::Folder folder;
  const auto path = folder.put("words.vec", input);
  const std::int64_t dim = check_word_vectors(path);
  fuzz::require(dim > 0, "vectors have a size");
  if (dim > 1000) return;
  const std::vector<std::string> words = {"", "stars", "cells"};
  std::vector<float> table(words.size() * static_cast<std::size_t>(dim));
  (void)read_word_vectors(path, words, dim, table);
  for (const float value : table) fuzz::require(std::isfinite(value), "vectors are finite");
}

}  // namespace quire
