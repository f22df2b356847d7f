// Pretrained word vectors in fastText's text format: a line "WORDS DIM", then a word and its numbers a line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace quire {

// Copies the vectors of `words` into `table` [words, dim]; words without one keep what is there. Returns how
// many were found. InputError, with file and line, for a line that does not hold a word and `dim` numbers.
std::int64_t read_word_vectors(const std::filesystem::path& path, const std::vector<std::string>& words,
                               std::int64_t dim, std::span<float> table);

}  // namespace quire
