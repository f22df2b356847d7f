// The probabilities of all classes, one row a document, in the file that --probabilities names.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "quire/base/matrix.h"
#include "quire/table/documents.h"

namespace quire {

// Written as rows come, in memory that does not grow with them; nothing appears before commit().
class ProbabilityFile {
 public:
  virtual ~ProbabilityFile() = default;
  // A row of `probabilities` for each document.
  virtual void write(std::span<const Document> documents, const Matrix& probabilities) = 0;
  virtual void commit() = 0;
};

// Opens the file at once: a matrix of float32 for .npy (and for names without an extension), or a table for
// .tsv and .csv (also .gz, .xz) with the id column and a column a class. InputError for other names and for
// a place that cannot be written.
[[nodiscard]] std::unique_ptr<ProbabilityFile> open_probabilities(const std::string& path,
                                                                  const std::string& id_name,
                                                                  const std::vector<std::string>& classes);

}  // namespace quire
