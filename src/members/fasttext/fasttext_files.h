// The files that fastText's library reads and writes: training texts and models.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "members/shared/word_documents.h"

namespace quire {

// A file that lives as long as the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::filesystem::path path) : path_(std::move(path)) {}
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// What the library calls a class: its index, because a name may hold spaces.
[[nodiscard]] std::string fasttext_label(int index);
// The index, or -1 for a label that is not one of ours.
[[nodiscard]] int class_of_label(const std::string& label);

// The rows in the random order in which the library, which reads its file front to back, sees them in
// every epoch.
[[nodiscard]] std::vector<std::int64_t> training_order(std::span<const std::int64_t> rows, int fold,
                                                       std::uint64_t seed);

// One line a row, "__label__K words", in the order of `rows`.
void write_training_file(const std::filesystem::path& path, const WordDocuments& documents,
                         std::span<const std::int64_t> rows, std::span<const int> labels);

// Throws InputError unless the file is a whole model: the library itself reads on past the end of a
// truncated one, and does not notice when a disk fills up while it writes.
void check_model_file(const std::filesystem::path& path);

}  // namespace quire
