// Predicting from a run, or from a single directory.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quire/base/context.h"
#include "quire/base/matrix.h"
#include "quire/ensemble/combination.h"
#include "quire/ensemble/metrics.h"
#include "quire/members/member.h"
#include "quire/table/columns.h"
#include "quire/table/documents.h"
#include "quire/table/reader.h"

namespace quire {

// What predicts: a run, or a single fine-tuned directory of Hugging Face's layout. Of a run with one member
// its folds' mean; of one with several the combination that the run has chosen. Members that it does not use
// are not opened.
class Predictor {
 public:
  struct Options {
    OpenOptions model;
    std::string member;                 // predict with this one alone
    std::string method;                 // with this combination instead of the chosen one
    ColumnFlags columns;                // default: the run's
    std::optional<TableFormat> format;  // default: the run's
  };
  Predictor(const std::filesystem::path& run_or_directory, Options options, const Context& context);

  [[nodiscard]] const std::vector<std::string>& class_names() const {
    return members_.front().folds.front()->class_names();
  }
  [[nodiscard]] std::string label_name() const { return label_name_; }
  [[nodiscard]] const ColumnFlags& columns() const { return columns_; }
  [[nodiscard]] const TableFormat& format() const { return format_; }
  // Trained learners that are open, all folds of all members.
  [[nodiscard]] std::size_t size() const;

  // Probabilities of a chunk of documents: [documents, classes].
  [[nodiscard]] Matrix predict(std::span<const Document> documents, const Context& context) const;

 private:
  ColumnFlags columns_;
  TableFormat format_;
  std::string label_name_ = "label";
  struct OpenMember {
    std::size_t place = 0;  // in the combination
    std::vector<std::unique_ptr<FittedMember>> folds;
    [[nodiscard]] Matrix predict(std::span<const Document> documents, const Context& context) const;
  };
  void open_run(const std::filesystem::path& path, const Options& options, const Context& context);

  std::vector<OpenMember> members_;
  std::optional<Combination> combination_;
};

struct PredictOptions {
  std::string output;         // table
  std::string probabilities;  // .npy, or a table with a column a class; empty: none
  std::int64_t top = 1;       // classes a row
  bool submission = false;    // only id and label
};

// Streams the table through the predictor, rows in its order. Returns the number of rows. Both files are
// opened before the first document; when the probabilities cannot be written to their end, the labels are
// there all the same, and the error comes after them.
std::int64_t predict_table(const Predictor& predictor, const std::filesystem::path& file,
                           const PredictOptions& options, const Context& context);

// Predicts a labelled table and measures; its ids do not matter. InputError for a label the predictor does
// not know.
[[nodiscard]] Metrics evaluate_table(const Predictor& predictor, const std::filesystem::path& file,
                                     const Context& context);

}  // namespace quire
