// Term frequency times inverse document frequency, with scikit-learn's meaning of every option
// (TfidfVectorizer).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "quire/base/context.h"
#include "quire/terms/sparse.h"
#include "quire/terms/term_counts.h"

namespace quire {

struct TfIdfOptions {
  // Documents a term must occur in, at least and at most. Below 1 (min) and up to 1 (max) it is a share
  // of the documents, otherwise a number of them.
  double min_df = 1;
  double max_df = 1.0;
  // The terms with the most occurrences that are kept, the first in order of equals; 0: all.
  std::int64_t max_features = 0;
  bool sublinear_tf = false;  // 1 + ln(count) instead of count
  bool use_idf = true;
  bool smooth_idf = true;  // as if one more document held every term
  bool l2_norm = true;     // rows have length 1
};

class TfIdf {
 public:
  // The vocabulary and the document frequencies of `rows` of `counts`. Throws InputError when no term is
  // left, and for options out of range.
  [[nodiscard]] static TfIdf fit(const TermCounts& counts, std::span<const std::int64_t> rows,
                                 const TfIdfOptions& options, const Context& context);

  // Weights of `rows` of any `counts` that were cut with the same TermOptions: [rows, vocabulary size].
  [[nodiscard]] SparseMatrix transform(const TermCounts& counts, std::span<const std::int64_t> rows,
                                       const Context& context) const;

  [[nodiscard]] const TfIdfOptions& options() const { return options_; }
  [[nodiscard]] const TermOptions& term_options() const { return term_options_; }
  // Terms in the order of their bytes, which is that of the columns.
  [[nodiscard]] const TermTable& vocabulary() const { return vocabulary_; }
  [[nodiscard]] std::span<const double> idf() const { return idf_; }

  // A text file. The first line is a JSON object: "format" (1), "analyzer", "ngram_range", "lowercase",
  // and the options by their names. Then one line for each column: idf, a space, the term as a JSON
  // string. Loading throws InputError ("FILE:LINE: ...") for anything else.
  void save(const std::filesystem::path& path) const;
  [[nodiscard]] static TfIdf load(const std::filesystem::path& path);

 private:
  [[nodiscard]] std::vector<std::int32_t> columns_of(const TermCounts& counts,
                                                     std::span<const std::int64_t> rows) const;

  TfIdfOptions options_;
  TermOptions term_options_;
  TermTable vocabulary_;
  std::vector<double> idf_;  // [vocabulary]; 1 without idf
};

}  // namespace quire
