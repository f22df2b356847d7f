#include "pipeline/training_table.h"

#include <fmt/format.h>

#include <unordered_map>

#include "quire/base/error.h"
#include "quire/base/profile.h"
#include "quire/table/documents.h"

namespace quire {
namespace {

constexpr std::size_t kChunk = 1024;  // documents tokenised at a time

TableFormat format_of(const TrainOptions& options) {
  TableFormat format;
  if (options.quoting == "none") format.quoting = TableFormat::Quoting::none;
  return format;
}

// Reads a whole table into the corpus, calling `row` for each document.
template <typename Row>
std::int64_t read_into(Corpus& corpus, DocumentReader& reader, std::int64_t limit, std::string_view stage,
                       const Context& context, Row row) {
  const Span span("reading and tokenizing");
  std::vector<Document> chunk;
  std::int64_t count = 0;
  const auto flush = [&] {
    corpus.append(chunk, context);
    chunk.clear();
    context.progress({.stage = stage,
                      .done = reader.table().bytes_read(),
                      .total = reader.table().total_bytes(),
                      .detail = {},
                      .seconds_left = -1});
    context.check_stop();
  };
  Document document;
  while ((limit == 0 || count < limit) && reader.next(document)) {
    row(document);
    chunk.push_back(document);
    ++count;
    if (chunk.size() == kChunk) flush();
  }
  flush();
  reader.finish();
  return count;
}

int class_of(const LabelSet& classes, const Document& document, const std::string& file) {
  if (const auto index = classes.find(document.label)) return *index;
  throw InputError(fmt::format("{}:{}: label '{}' does not occur in the training table", file, document.line,
                               document.label),
                   "check the label column, or add rows of that class");
}

}  // namespace

TrainingTable read_training_table(const TrainOptions& options, const Member& member, const Context& context) {
  TrainingTable table;
  table.corpus = member.new_corpus();
  DocumentReader reader(options.file, column_flags(options), LabelColumn::required, format_of(options),
                        DuplicateIds::warn, context);
  const Columns& columns = reader.columns();
  table.has_ids = columns.id.has_value();
  table.label_name = columns.label_name;
  table.id_name = columns.id_name;
  table.group_name = columns.group_name;
  table.text_names = columns.text_names;
  std::vector<std::string> labels;
  table.rows =
      read_into(*table.corpus, reader, options.limit, "reading", context, [&](const Document& document) {
        table.ids.push_back(document.id);
        labels.push_back(document.label);
        if (columns.group) table.groups.push_back(document.group);
      });
  table.classes = LabelSet::from(labels);
  if (table.classes.size() < 2) {
    throw InputError(
        fmt::format("{}: all {} rows have the label '{}'", options.file, table.rows, labels.front()),
        "a classifier needs at least two classes; check the label column");
  }
  for (const std::string& label : labels) table.labels.push_back(*table.classes.find(label));

  // The other tables have the columns of the training table.
  ColumnFlags flags;
  if (columns.id) flags.id = columns.id_name;
  flags.label = columns.label_name;
  flags.text = columns.text_names;
  if (!options.valid.empty()) {
    DocumentReader valid(options.valid, flags, LabelColumn::required, format_of(options), DuplicateIds::warn,
                         context);
    table.valid_rows = read_into(*table.corpus, valid, 0, "reading", context, [&](const Document& document) {
      table.labels.push_back(class_of(table.classes, document, options.valid));
    });
  }
  if (!options.test.empty()) {
    DocumentReader test(options.test, flags, LabelColumn::optional, format_of(options), DuplicateIds::error,
                        context);
    table.test_rows = read_into(*table.corpus, test, 0, "reading", context,
                                [&](const Document&) { table.labels.push_back(-1); });
  }
  return table;
}

Duplicates count_duplicates(const Corpus& corpus, std::span<const int> fold_of_row) {
  Duplicates duplicates;
  std::unordered_map<std::uint64_t, int> first_fold;
  for (std::size_t row = 0; row < fold_of_row.size(); ++row) {
    const auto [entry, is_new] =
        first_fold.emplace(corpus.fingerprint(static_cast<std::int64_t>(row)), fold_of_row[row]);
    if (is_new) continue;
    ++duplicates.copies;
    if (entry->second != fold_of_row[row]) ++duplicates.across_folds;
  }
  return duplicates;
}

}  // namespace quire
