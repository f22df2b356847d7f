#include "pipeline/readings.h"

#include <fmt/format.h>

#include "quire/base/error.h"
#include "quire/base/profile.h"
#include "quire/table/documents.h"

namespace quire {
namespace {

constexpr std::size_t kChunk = 1024;  // documents tokenised at a time

}  // namespace

void Readings::add(const std::string& reading, const Member& member) {
  std::unique_ptr<Corpus>& corpus = corpora_[reading];
  if (!corpus) corpus = member.new_corpus();
}

const Corpus* Readings::find(const std::string& reading) const {
  const auto found = corpora_.find(reading);
  return found == corpora_.end() ? nullptr : found->second.get();
}

std::vector<std::string> Readings::summaries() const {
  std::vector<std::string> sentences;
  for (const auto& [reading, corpus] : corpora_) sentences.push_back(corpus->summary());
  return sentences;
}

void Readings::fill(const Task& task, const Context& context) {
  const Span span("reading and tokenizing");
  // What there is to say about the tables was said when the task was read.
  Context silent = context;
  silent.observer = nullptr;
  std::vector<Document> chunk;
  const auto flush = [&](const DocumentReader& reader) {
    for (auto& [reading, corpus] : corpora_) corpus->append(chunk, context);
    chunk.clear();
    context.progress({.stage = "reading",
                      .done = reader.table().bytes_read(),
                      .total = reader.table().total_bytes(),
                      .detail = {},
                      .seconds_left = -1});
    context.check_stop();
  };
  const auto always = [](std::int64_t) { return true; };
  const auto used = [&](std::int64_t row) {
    return row < static_cast<std::int64_t>(task.used.size()) && task.used[static_cast<std::size_t>(row)];
  };
  const auto read = [&](const std::string& file, LabelColumn label, std::int64_t rows, const auto& is_used) {
    if (file.empty()) return;
    DocumentReader reader(file, column_flags(task.options), label, table_format(task.options),
                          DuplicateIds::warn, silent);
    Document document;
    std::int64_t count = 0;
    for (std::int64_t row = 0; count < rows && reader.next(document); ++row) {
      if (!is_used(row)) continue;
      ++count;
      chunk.push_back(document);
      if (chunk.size() == kChunk) flush(reader);
    }
    flush(reader);
    if (count != rows) {
      throw InputError(fmt::format("'{}' had {} rows and now has {}", file, rows, count),
                       "leave the tables alone while they are read, and start again");
    }
  };
  read(task.options.train, LabelColumn::required, task.rows, used);
  read(task.options.valid, LabelColumn::required, task.valid_rows, always);
  for (const PredictedTable& table : task.predicted)
    read(table.file, LabelColumn::optional, table.rows, always);
}

}  // namespace quire
