// textcnn.json: what a saved TextCNN is, beside its weights and its vocabulary.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace quire {

struct TextcnnSettings {
  std::int64_t vocabulary_size = 1;  // rows of the table of embeddings
  std::int64_t dim = 1;
  std::int64_t filters = 1;  // of each width
  std::int64_t min_width = 1, max_width = 1;
  std::int64_t max_length = 1;     // words or tokens of a document
  std::vector<std::string> clean;  // as parse_clean takes it
  std::string punctuation;

  friend bool operator==(const TextcnnSettings&, const TextcnnSettings&) = default;
};

void write_textcnn_settings(const std::filesystem::path& directory, const TextcnnSettings& settings);

// InputError, naming the key, for what is missing, of another type or out of range.
[[nodiscard]] TextcnnSettings read_textcnn_settings(const std::filesystem::path& directory);

}  // namespace quire
