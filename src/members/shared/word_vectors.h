// Pretrained word vectors in fastText's text format: a line "WORDS DIM", then WORDS lines of a word and its
// DIM numbers, parted by spaces.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace quire {

// Reads the whole file and returns DIM. Throws InputError, with file and line, unless all of it is as
// above: numbers are finite and have decimal points, and there are as many words as the first line says.
// fastText's library, which reads such a file itself, would take the rest of a bad line for other words.
[[nodiscard]] std::int64_t check_word_vectors(const std::filesystem::path& path);

// Copies the vectors of `words` from a file that has been checked into `table` [words, dim]; words without
// one, and empty words, keep what is there. Returns how many were found.
std::int64_t read_word_vectors(const std::filesystem::path& path, const std::vector<std::string>& words,
                               std::int64_t dim, std::span<float> table);

}  // namespace quire
