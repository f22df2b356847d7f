// A run's own copy of the encoder it reads documents with, so that it predicts wherever it is moved.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace quire {

// What an encoder is made of, by name: config.json, weights and the tokenizer's files. Throws InputError for
// a directory without config.json or weights.
[[nodiscard]] std::vector<std::string> encoder_files(const std::filesystem::path& directory);

// 16 hexadecimal digits, equal for directories with the same encoder files and the same bytes in them.
[[nodiscard]] std::string encoder_fingerprint(const std::filesystem::path& directory);

// Copies the encoder files of `from` into the new directory `to`, which is whole or not there. A `to` that
// exists is left as it is when it holds the same encoder; InputError when it holds another.
void copy_encoder(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace quire
