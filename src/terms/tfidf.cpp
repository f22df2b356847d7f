#include "quire/terms/tfidf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "quire/base/error.h"
#include "quire/base/threads.h"

namespace quire {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// Documents that hold a term, and its occurrences in all of them.
struct Frequency {
  std::int64_t documents = 0;
  std::int64_t occurrences = 0;
};

std::vector<Frequency> frequencies_of(const TermCounts& counts, std::span<const std::int64_t> rows) {
  std::vector<Frequency> frequencies(at(counts.terms().size()));
  for (const std::int64_t row : rows) {
    for (const TermCount& term : counts.row(row)) {
      ++frequencies[at(term.term)].documents;
      frequencies[at(term.term)].occurrences += term.count;
    }
  }
  return frequencies;
}

void check(const TfIdfOptions& options) {
  if (!(options.min_df >= 0) || !(options.max_df >= 0)) {
    throw InputError(fmt::format("min_df is {:g} and max_df {:g}", options.min_df, options.max_df),
                     "both are a number of documents, or a share of them between 0 and 1");
  }
  if (options.max_features < 0) {
    throw InputError(fmt::format("max_features is {}", options.max_features), "0 keeps all");
  }
}

// Terms whose document frequency is allowed, in the order of their bytes.
std::vector<std::int32_t> chosen_terms(const TermCounts& counts, const std::vector<Frequency>& frequencies,
                                       std::size_t documents, const TfIdfOptions& options) {
  const auto all = static_cast<double>(documents);
  const double least = options.min_df < 1 ? options.min_df * all : options.min_df;
  const double most = options.max_df <= 1 ? options.max_df * all : options.max_df;
  std::vector<std::int32_t> chosen;
  for (std::int32_t id = 0; id < counts.terms().size(); ++id) {
    const auto held = static_cast<double>(frequencies[at(id)].documents);
    if (held > 0 && held >= least && held <= most) chosen.push_back(id);
  }
  std::ranges::sort(chosen, {}, [&](std::int32_t id) { return counts.terms().term(id); });
  if (options.max_features > 0 && chosen.size() > at(options.max_features)) {
    std::vector<std::int32_t> by_occurrences = chosen;
    std::ranges::stable_sort(by_occurrences, std::greater(),
                             [&](std::int32_t id) { return frequencies[at(id)].occurrences; });
    by_occurrences.resize(at(options.max_features));
    std::ranges::sort(by_occurrences, {}, [&](std::int32_t id) { return counts.terms().term(id); });
    chosen = std::move(by_occurrences);
  }
  return chosen;
}

double idf_of(std::int64_t held, std::size_t documents, const TfIdfOptions& options) {
  if (!options.use_idf) return 1;
  const double smooth = options.smooth_idf ? 1 : 0;
  return std::log((static_cast<double>(documents) + smooth) / (static_cast<double>(held) + smooth)) + 1;
}

// One row of weights, its columns ascending.
struct Entry {
  std::int32_t column;
  double value;
};

void weigh(std::span<const TermCount> terms, std::span<const std::int32_t> columns,
           std::span<const double> idf, const TfIdfOptions& options, std::vector<Entry>& row) {
  row.clear();
  for (const TermCount& term : terms) {
    const std::int32_t column = columns[at(term.term)];
    if (column < 0) continue;
    const double count = term.count;
    row.push_back({column, (options.sublinear_tf ? std::log(count) + 1 : count) * idf[at(column)]});
  }
  std::ranges::sort(row, {}, &Entry::column);
  if (!options.l2_norm) return;
  double square = 0;
  for (const Entry& entry : row) square += entry.value * entry.value;
  if (square == 0) return;
  const double length = std::sqrt(square);
  for (Entry& entry : row) entry.value /= length;
}

}  // namespace

TfIdf TfIdf::fit(const TermCounts& counts, std::span<const std::int64_t> rows, const TfIdfOptions& options,
                 const Context& context) {
  check(options);
  const std::vector<Frequency> frequencies = frequencies_of(counts, rows);
  context.check_stop();
  const std::vector<std::int32_t> chosen = chosen_terms(counts, frequencies, rows.size(), options);
  if (chosen.empty()) {
    throw InputError(fmt::format("no term of {} documents lies between min_df {:g} and max_df {:g}",
                                 rows.size(), options.min_df, options.max_df),
                     "lower min_df, raise max_df, or look at what cleaning leaves of the texts");
  }
  TfIdf result;
  result.options_ = options;
  result.term_options_ = counts.options();
  for (const std::int32_t id : chosen) {
    result.vocabulary_.add(counts.terms().term(id), counts.terms().hash_of(id));
    result.idf_.push_back(idf_of(frequencies[at(id)].documents, rows.size(), options));
  }
  return result;
}

// The column of each term that occurs in `rows`; -1: none.
std::vector<std::int32_t> TfIdf::columns_of(const TermCounts& counts,
                                            std::span<const std::int64_t> rows) const {
  constexpr std::int32_t kUnknown = -2;
  std::vector<std::int32_t> columns(at(counts.terms().size()), kUnknown);
  for (const std::int64_t row : rows) {
    for (const TermCount& term : counts.row(row)) {
      std::int32_t& column = columns[at(term.term)];
      if (column != kUnknown) continue;
      column = vocabulary_.find(counts.terms().term(term.term), counts.terms().hash_of(term.term));
    }
  }
  return columns;
}

SparseMatrix TfIdf::transform(const TermCounts& counts, std::span<const std::int64_t> rows,
                              const Context& context) const {
  if (!(counts.options() == term_options_)) {
    throw Error("the documents were cut into other terms than the vocabulary's");
  }
  const std::vector<std::int32_t> columns = columns_of(counts, rows);
  SparseMatrix matrix;
  matrix.rows = static_cast<std::int64_t>(rows.size());
  matrix.cols = vocabulary_.size();
  matrix.begins.assign(rows.size() + 1, 0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto terms = counts.row(rows[i]);
    matrix.begins[i + 1] = matrix.begins[i] + std::ranges::count_if(terms, [&](const TermCount& term) {
                             return columns[at(term.term)] >= 0;
                           });
  }
  matrix.columns.resize(at(matrix.nonzeros()));
  matrix.values.resize(at(matrix.nonzeros()));
  parallel_for(matrix.rows, 64, context.threads, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Entry> row;
    for (std::int64_t i = begin; i < end; ++i) {
      weigh(counts.row(rows[at(i)]), columns, idf_, options_, row);
      std::size_t place = at(matrix.begins[at(i)]);
      for (const Entry& entry : row) {
        matrix.columns[place] = entry.column;
        matrix.values[place++] = static_cast<float>(entry.value);
      }
    }
  });
  return matrix;
}

}  // namespace quire
