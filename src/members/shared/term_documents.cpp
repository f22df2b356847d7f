#include "members/shared/term_documents.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

#include "quire/base/error.h"
#include "quire/base/threads.h"

namespace quire {
namespace {

std::filesystem::path part_path(const std::filesystem::path& directory, std::size_t part) {
  return directory / (part == 0 ? "tfidf.txt" : fmt::format("tfidf-{}.txt", part));
}

}  // namespace

TermDocuments::TermDocuments(std::shared_ptr<const Cleaner> cleaner, const std::vector<TermOptions>& bags)
    : cleaner_(std::move(cleaner)) {
  if (bags.empty())
    throw InputError("no terms are asked for", "use n-grams of words, of characters, or both");
  for (const TermOptions& options : bags) bags_.emplace_back(options);
}

void TermDocuments::append(std::span<const Document> documents, const Context& context) {
  // Texts of a block at a time: only their counts are kept.
  constexpr std::size_t kBlock = 4096;
  std::vector<std::string> texts;
  while (!documents.empty()) {
    const auto block = documents.first(std::min(kBlock, documents.size()));
    documents = documents.subspan(block.size());
    texts.resize(block.size());
    parallel_for(
        static_cast<std::int64_t>(block.size()), 16, context.threads,
        [&](std::int64_t begin, std::int64_t end) {
          for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
            const Document& document = block[i];
            texts[i] = cleaner_->clean(document.pair ? document.text + "\n" + *document.pair : document.text);
          }
        });
    for (TermCounts& bag : bags_) bag.append(texts, context);
  }
}

void TermDocuments::clear() {
  for (TermCounts& bag : bags_) bag.clear();
}

std::string TermDocuments::summary() const {
  std::string summary;
  for (const TermCounts& bag : bags_) {
    std::int64_t distinct = 0;
    for (std::int64_t row = 0; row < bag.rows(); ++row) {
      distinct += static_cast<std::int64_t>(bag.row(row).size());
    }
    summary += fmt::format(
        "{}{} distinct {} of {} to {}, {:.0f} of them in a document", summary.empty() ? "" : "; ",
        bag.terms().size(),
        bag.options().analyzer == Analyzer::word ? "n-grams of words" : "n-grams of characters",
        bag.options().min_n, bag.options().max_n,
        static_cast<double>(distinct) / static_cast<double>(std::max<std::int64_t>(1, bag.rows())));
  }
  return summary;
}

// Of the counts alone, whatever the order of the words: for the learner such documents are the same.
std::uint64_t TermDocuments::fingerprint(std::int64_t row) const {
  std::uint64_t sum = 0;
  for (const TermCounts& bag : bags_) {
    for (const TermCount& term : bag.row(row)) {
      const std::uint64_t pair[2] = {bag.terms().hash_of(term.term), static_cast<std::uint64_t>(term.count)};
      sum += XXH3_64bits(pair, sizeof pair);
    }
  }
  return sum;
}

TermFeatures TermFeatures::fit(const TermDocuments& documents, std::span<const std::int64_t> rows,
                               const TfIdfOptions& options, const Context& context) {
  TermFeatures features;
  for (const TermCounts& bag : documents.bags()) {
    features.parts_.push_back(TfIdf::fit(bag, rows, options, context));
  }
  return features;
}

SparseMatrix TermFeatures::transform(const TermDocuments& documents, std::span<const std::int64_t> rows,
                                     const Context& context) const {
  if (documents.bags().size() != parts_.size()) {
    throw Error("the documents were cut into other terms than the vocabulary's");
  }
  std::vector<SparseMatrix> parts;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    parts.push_back(parts_[i].transform(documents.bags()[i], rows, context));
  }
  return parts.size() == 1 ? std::move(parts.front()) : join_columns(parts);
}

std::int64_t TermFeatures::size() const {
  std::int64_t size = 0;
  for (const TfIdf& part : parts_) size += part.vocabulary().size();
  return size;
}

std::string_view TermFeatures::name(std::int64_t column) const {
  for (const TfIdf& part : parts_) {
    if (column < part.vocabulary().size()) return part.vocabulary().term(static_cast<std::int32_t>(column));
    column -= part.vocabulary().size();
  }
  throw Error(fmt::format("there is no column {} beyond the last", column));
}

std::vector<TermOptions> TermFeatures::bags() const {
  std::vector<TermOptions> bags;
  for (const TfIdf& part : parts_) bags.push_back(part.term_options());
  return bags;
}

void TermFeatures::save(const std::filesystem::path& directory) const {
  for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i].save(part_path(directory, i));
  // Of an earlier fit into the same directory.
  for (std::size_t i = parts_.size(); std::filesystem::remove(part_path(directory, i)); ++i) {
  }
}

TermFeatures TermFeatures::load(const std::filesystem::path& directory) {
  TermFeatures features;
  features.parts_.push_back(TfIdf::load(part_path(directory, 0)));
  for (std::size_t i = 1; std::filesystem::exists(part_path(directory, i)); ++i) {
    features.parts_.push_back(TfIdf::load(part_path(directory, i)));
  }
  return features;
}

}  // namespace quire
