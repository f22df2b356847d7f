// TfIdf as a file.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/json.h"
#include "quire/terms/tfidf.h"

namespace quire {
namespace {

constexpr int kFormat = 1;
constexpr std::array<std::string_view, 3> kAnalyzers = {"word", "char", "char_wb"};

Json header_of(const TermOptions& terms, const TfIdfOptions& options) {
  return {{"format", kFormat},
          {"analyzer", kAnalyzers[static_cast<std::size_t>(terms.analyzer)]},
          {"ngram_range", {terms.min_n, terms.max_n}},
          {"lowercase", terms.lowercase},
          {"min_df", options.min_df},
          {"max_df", options.max_df},
          {"max_features", options.max_features},
          {"sublinear_tf", options.sublinear_tf},
          {"use_idf", options.use_idf},
          {"smooth_idf", options.smooth_idf},
          {"l2_norm", options.l2_norm}};
}

void read_header(const Section& header, TermOptions& terms, TfIdfOptions& options) {
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  check_format(header, kFormat);
  const std::string analyzer = header.string("analyzer");
  const auto* const found = std::find(kAnalyzers.begin(), kAnalyzers.end(), analyzer);
  if (found == kAnalyzers.end()) header.at("analyzer").fail_expecting("word, char or char_wb");
  terms.analyzer = static_cast<Analyzer>(found - kAnalyzers.begin());
  const Section range = header.at("ngram_range").expect_array();
  if (range.size() != 2) range.fail_expecting("two numbers");
  terms.min_n = range.at(std::size_t{0}).id(kMost);
  terms.max_n = range.at(std::size_t{1}).id(kMost);
  terms.lowercase = header.flag("lowercase");
  options.min_df = header.real("min_df", 0, std::numeric_limits<double>::max());
  options.max_df = header.real("max_df", 0, std::numeric_limits<double>::max());
  options.max_features = header.count("max_features", 0, std::numeric_limits<std::int64_t>::max());
  options.sublinear_tf = header.flag("sublinear_tf");
  options.use_idf = header.flag("use_idf");
  options.smooth_idf = header.flag("smooth_idf");
  options.l2_norm = header.flag("l2_norm");
}

struct Column {
  double idf = 0;
  std::string term;
};

Column read_column(std::string_view line, const std::filesystem::path& path, std::size_t number) {
  Column column;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), column.idf);
  const auto size = static_cast<std::size_t>(end - line.data());
  if (error != std::errc() || size >= line.size() || line[size] != ' ') {
    throw InputError("a number, a space and a term in quotes were expected");
  }
  // No logarithm of a number of documents is near this; beyond it weights would leave a float's range.
  constexpr double kLargest = 1e6;
  if (!(column.idf >= 0 && column.idf <= kLargest)) {
    throw InputError(fmt::format("the weight {:g} is no inverse document frequency", column.idf));
  }
  const Json term = parse_json(line.substr(size + 1), path, number);
  if (!term.is_string()) throw InputError("a number, a space and a term in quotes were expected");
  column.term = term.get<std::string>();
  return column;
}

}  // namespace

void TfIdf::save(const std::filesystem::path& path) const {
  AtomicFile file(path);
  file.write(compact_text(header_of(term_options_, options_)) + "\n");
  for (std::int32_t id = 0; id < vocabulary_.size(); ++id) {
    file.write(fmt::format("{} {}\n", idf_[static_cast<std::size_t>(id)],
                           compact_text(Json(std::string(vocabulary_.term(id))))));
  }
  file.commit();
}

TfIdf TfIdf::load(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  TfIdf result;
  std::int64_t number = 0;
  std::string_view rest = content;
  while (!rest.empty()) {
    ++number;
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (number == 1) {
      const Json header = parse_json(line, path);
      read_header({header, fmt::format("{}:1", path.string())}, result.term_options_, result.options_);
      continue;
    }
    try {
      const Column column = read_column(line, path, static_cast<std::size_t>(number));
      if (result.vocabulary_.add(column.term, TermTable::hash(column.term)) + 2 != number) {
        throw InputError(fmt::format("the term '{}' occurs twice", column.term));
      }
      result.idf_.push_back(column.idf);
    } catch (const std::exception& error) {
      throw InputError(fmt::format("{}:{}: not a TF-IDF vocabulary: {}", path.string(), number, error.what()),
                       "the file was changed or belongs to another version of quire");
    }
  }
  if (number == 0) throw InputError(fmt::format("'{}' is empty", path.string()));
  return result;
}

}  // namespace quire
