#include "pipeline/probabilities.h"

#include <fmt/format.h>

#include <filesystem>

#include "quire/base/error.h"
#include "quire/base/npy_writer.h"
#include "quire/table/writer.h"

namespace quire {
namespace {

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// The extension in lower case; of a compressed table what it holds.
std::string kind_of(const std::filesystem::path& path) {
  const std::string outer = lower(path.extension());
  const std::string inner = lower(path.stem().extension());
  const bool is_compressed = outer == ".gz" || outer == ".xz";
  return is_compressed && (inner == ".tsv" || inner == ".csv") ? inner : outer;
}

class MatrixFile : public ProbabilityFile {
 public:
  MatrixFile(const std::string& path, std::size_t classes)
      : writer_(path, static_cast<std::int64_t>(classes)) {}
  void write(std::span<const Document> /*documents*/, const Matrix& probabilities) override {
    writer_.write(probabilities);
  }
  void commit() override { writer_.commit(); }

 private:
  NpyWriter writer_;
};

class TableFile : public ProbabilityFile {
 public:
  TableFile(const std::string& path, const std::vector<std::string>& header) : writer_(path, header) {}
  void write(std::span<const Document> documents, const Matrix& probabilities) override {
    for (std::size_t i = 0; i < documents.size(); ++i) {
      fields_.assign(1, documents[i].id);
      // The shortest text that reads back as the same number.
      for (const float value : probabilities.row(static_cast<std::int64_t>(i)))
        fields_.push_back(fmt::format("{}", value));
      writer_.write(fields_);
    }
  }
  void commit() override { writer_.commit(); }

 private:
  TableWriter writer_;
  std::vector<std::string> fields_;
};

}  // namespace

std::unique_ptr<ProbabilityFile> open_probabilities(const std::string& path, const std::string& id_name,
                                                    const std::vector<std::string>& classes) {
  const std::string kind = kind_of(path);
  if (kind == ".tsv" || kind == ".csv") {
    std::vector<std::string> header = {id_name};
    header.insert(header.end(), classes.begin(), classes.end());
    return std::make_unique<TableFile>(path, header);
  }
  if (kind.empty() || kind == ".npy") return std::make_unique<MatrixFile>(path, classes.size());
  throw InputError(fmt::format("--probabilities is '{}', which ends in {}", path, kind),
                   "name it .npy for a matrix, .tsv or .csv for a table");
}

}  // namespace quire
