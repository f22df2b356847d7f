// `quire predict` and `quire eval`.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/pipeline/predictor.h"
#include "quire/table/documents.h"
#include "quire/table/writer.h"

namespace quire {
namespace {

constexpr std::size_t kChunk = 1024;  // documents in memory, and reports of progress, at a time

template <typename Use>
std::int64_t for_chunks(const Predictor& predictor, DocumentReader& reader, const Context& context, Use use) {
  std::vector<Document> chunk;
  std::int64_t done = 0;
  const auto flush = [&] {
    if (chunk.empty()) return;
    use(chunk, predictor.predict(chunk, context));
    done += static_cast<std::int64_t>(chunk.size());
    chunk.clear();
    const std::string detail = fmt::format("{} documents", done);
    context.progress({.stage = "predicting",
                      .done = reader.table().bytes_read(),
                      .total = reader.table().total_bytes(),
                      .detail = detail,
                      .seconds_left = -1});
  };
  Document document;
  while (reader.next(document)) {
    chunk.push_back(document);
    if (chunk.size() == kChunk) flush();
  }
  flush();
  reader.finish();
  return done;
}

std::vector<std::size_t> best_classes(std::span<const float> probabilities, std::size_t count) {
  std::vector<std::size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return probabilities[a] > probabilities[b]; });
  order.resize(std::min(count, order.size()));
  return order;
}

std::vector<std::string> output_header(const Predictor& predictor, const std::string& id_name,
                                       const PredictOptions& options) {
  std::vector<std::string> header = {id_name, predictor.label_name()};
  if (options.submission) return header;
  header.emplace_back("probability");
  for (std::int64_t rank = 2; rank <= options.top; ++rank) {
    header.push_back(fmt::format("{}_{}", predictor.label_name(), rank));
    header.push_back(fmt::format("probability_{}", rank));
  }
  return header;
}

}  // namespace

std::int64_t predict_table(const Predictor& predictor, const std::filesystem::path& file,
                           const PredictOptions& options, const Context& context) {
  DocumentReader reader(file, predictor.columns(), LabelColumn::optional, predictor.format(),
                        DuplicateIds::error, context);
  TableWriter writer(options.output, output_header(predictor, reader.columns().id_name, options));
  Matrix all(0, static_cast<std::int64_t>(predictor.class_names().size()));
  const std::size_t top =
      options.submission ? 1 : static_cast<std::size_t>(std::max<std::int64_t>(1, options.top));
  std::vector<std::string> fields;
  const std::int64_t rows = for_chunks(
      predictor, reader, context, [&](std::span<const Document> chunk, const Matrix& probabilities) {
        for (std::size_t i = 0; i < chunk.size(); ++i) {
          const auto values = probabilities.row(static_cast<std::int64_t>(i));
          fields.assign(1, chunk[i].id);
          for (const std::size_t index : best_classes(values, top)) {
            fields.push_back(predictor.class_names()[index]);
            if (!options.submission) fields.push_back(fmt::format("{:.6f}", values[index]));
          }
          while (!options.submission && fields.size() < 1 + 2 * top) fields.emplace_back();
          writer.write(fields);
        }
        if (!options.probabilities.empty()) {
          all.values.insert(all.values.end(), probabilities.values.begin(), probabilities.values.end());
          all.rows += probabilities.rows;
        }
      });
  if (!options.probabilities.empty()) write_npy(options.probabilities, all);
  writer.commit();
  return rows;
}

Metrics evaluate_table(const Predictor& predictor, const std::filesystem::path& file,
                       const Context& context) {
  DocumentReader reader(file, predictor.columns(), LabelColumn::required, predictor.format(),
                        DuplicateIds::warn, context);
  const LabelSet classes(predictor.class_names());
  std::vector<int> truth;
  std::vector<int> predicted;
  for_chunks(predictor, reader, context, [&](std::span<const Document> chunk, const Matrix& probabilities) {
    const std::vector<int> best = most_probable(probabilities);
    predicted.insert(predicted.end(), best.begin(), best.end());
    for (const Document& document : chunk) {
      const auto index = classes.find(document.label);
      if (!index) {
        const std::string nearest = nearest_name(document.label, classes.names());
        throw InputError(fmt::format("{}:{}: the model does not know the label '{}'", file.string(),
                                     document.line, document.label),
                         nearest.empty() ? "labels.txt in the run lists the labels it knows"
                                         : fmt::format("did you mean '{}'?", nearest));
      }
      truth.push_back(*index);
    }
  });
  return measure(truth, predicted, static_cast<int>(classes.size()));
}

}  // namespace quire
