// TfIdf as a file.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/terms/tfidf.h"

namespace quire {
namespace {

constexpr int kFormat = 1;
constexpr std::array<std::string_view, 3> kAnalyzers = {"word", "char", "char_wb"};

nlohmann::json header_of(const TermOptions& terms, const TfIdfOptions& options) {
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

void read_header(const nlohmann::json& header, TermOptions& terms, TfIdfOptions& options) {
  if (header.at("format").get<int>() != kFormat) throw InputError("it has another format");
  const auto analyzer = header.at("analyzer").get<std::string>();
  const auto* const found = std::find(kAnalyzers.begin(), kAnalyzers.end(), analyzer);
  if (found == kAnalyzers.end()) throw InputError(fmt::format("'{}' is no analyzer", analyzer));
  terms.analyzer = static_cast<Analyzer>(found - kAnalyzers.begin());
  header.at("ngram_range").at(0).get_to(terms.min_n);
  header.at("ngram_range").at(1).get_to(terms.max_n);
  header.at("lowercase").get_to(terms.lowercase);
  header.at("min_df").get_to(options.min_df);
  header.at("max_df").get_to(options.max_df);
  header.at("max_features").get_to(options.max_features);
  header.at("sublinear_tf").get_to(options.sublinear_tf);
  header.at("use_idf").get_to(options.use_idf);
  header.at("smooth_idf").get_to(options.smooth_idf);
  header.at("l2_norm").get_to(options.l2_norm);
}

struct Column {
  double idf = 0;
  std::string term;
};

Column read_column(std::string_view line) {
  Column column;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), column.idf);
  const auto size = static_cast<std::size_t>(end - line.data());
  if (error != std::errc() || size >= line.size() || line[size] != ' ') {
    throw InputError("a number, a space and a term in quotes were expected");
  }
  column.term = nlohmann::json::parse(line.substr(size + 1)).get<std::string>();
  return column;
}

}  // namespace

void TfIdf::save(const std::filesystem::path& path) const {
  AtomicFile file(path);
  file.write(header_of(term_options_, options_).dump() + "\n");
  for (std::int32_t id = 0; id < vocabulary_.size(); ++id) {
    file.write(fmt::format("{} {}\n", idf_[static_cast<std::size_t>(id)],
                           nlohmann::json(std::string(vocabulary_.term(id))).dump()));
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
    try {
      if (number == 1) {
        read_header(nlohmann::json::parse(line), result.term_options_, result.options_);
        continue;
      }
      const Column column = read_column(line);
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
