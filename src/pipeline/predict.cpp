// `quire predict` and `quire eval`.
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <numeric>

#include "pipeline/probabilities.h"
#include "quire/base/error.h"
#include "quire/base/naming.h"
#include "quire/pipeline/predictor.h"
#include "quire/table/documents.h"
#include "quire/table/writer.h"

namespace quire {
namespace {

// Documents in memory, and reports of progress, at a time: fewer where they are long.
constexpr std::size_t kChunk = 1024;
constexpr std::size_t kChunkBytes = std::size_t{32} << 20;

template <typename Use>
std::int64_t for_chunks(const Predictor& predictor, DocumentReader& reader, const Context& context, Use use) {
  std::vector<Document> chunk;
  std::size_t bytes = 0;
  std::int64_t done = 0;
  // The reader is ahead of the predictions: only the last report may say that all is done.
  const auto report = [&](bool is_last) {
    const std::int64_t total = reader.table().total_bytes();
    const std::string detail = fmt::format("{} documents", done);
    context.progress(
        {.stage = "predicting",
         .done = is_last || total == 0 ? total : std::min(reader.table().bytes_read(), total - 1),
         .total = total,
         .detail = detail,
         .seconds_left = -1});
  };
  const auto flush = [&] {
    if (chunk.empty()) return;
    use(chunk, predictor.predict(chunk, context));
    done += static_cast<std::int64_t>(chunk.size());
    chunk.clear();
    bytes = 0;
    report(/*is_last=*/false);
  };
  for (Document document; reader.next(document);) {
    bytes += document.text.size() + (document.pair ? document.pair->size() : 0);
    chunk.push_back(std::move(document));
    if (chunk.size() == kChunk || bytes >= kChunkBytes) flush();
  }
  flush();
  reader.finish();
  report(/*is_last=*/true);
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

// Writes the labels, and the probabilities beside them. A failure of the latter is kept to the end: hours of
// predicting are not thrown away with them.
class PredictionFiles {
 public:
  PredictionFiles(const Predictor& predictor, const std::string& id_name, const PredictOptions& options)
      : predictor_(predictor),
        submission_(options.submission),
        top_(options.submission ? 1 : static_cast<std::size_t>(std::max<std::int64_t>(1, options.top))),
        labels_(options.output, output_header(predictor, id_name, options)) {
    if (!options.probabilities.empty())
      matrix_ = open_probabilities(options.probabilities, id_name, predictor.class_names());
  }

  void write(std::span<const Document> documents, const Matrix& probabilities) {
    for (std::size_t i = 0; i < documents.size(); ++i) {
      const auto values = probabilities.row(static_cast<std::int64_t>(i));
      fields_.assign(1, documents[i].id);
      for (const std::size_t index : best_classes(values, top_)) {
        fields_.push_back(predictor_.class_names()[index]);
        if (!submission_) fields_.push_back(fmt::format("{:.6f}", values[index]));
      }
      while (!submission_ && fields_.size() < 1 + 2 * top_) fields_.emplace_back();
      labels_.write(fields_);
    }
    with_matrix([&] { matrix_->write(documents, probabilities); });
  }

  void commit() {
    labels_.commit();
    with_matrix([&] { matrix_->commit(); });
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  template <typename Step>
  void with_matrix(Step step) {
    if (!matrix_ || failure_) return;
    try {
      step();
    } catch (const Error&) {
      failure_ = std::current_exception();
    }
  }

  const Predictor& predictor_;
  bool submission_;
  std::size_t top_;
  TableWriter labels_;
  std::unique_ptr<ProbabilityFile> matrix_;
  std::exception_ptr failure_;
  std::vector<std::string> fields_;
};

}  // namespace

std::int64_t predict_table(const Predictor& predictor, const std::filesystem::path& file,
                           const PredictOptions& options, const Context& context) {
  DocumentReader reader(file, predictor.columns(), LabelColumn::optional, predictor.format(),
                        DuplicateIds::error, context);
  PredictionFiles files(predictor, reader.columns().id_name, options);
  const std::int64_t rows = for_chunks(predictor, reader, context,
                                       [&](std::span<const Document> chunk, const Matrix& probabilities) {
                                         files.write(chunk, probabilities);
                                       });
  files.commit();
  return rows;
}

Metrics evaluate_table(const Predictor& predictor, const std::filesystem::path& file,
                       const Context& context) {
  DocumentReader reader(file, predictor.columns(), LabelColumn::required, predictor.format(),
                        DuplicateIds::ignore, context);
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
        throw InputError(fmt::format("{}:{}: the model does not know the label {}", reader.table().name(),
                                     document.line, quoted_name(document.label)),
                         nearest.empty() ? fmt::format("it knows {}; --label names another column",
                                                       quoted_list(classes.names()))
                                         : fmt::format("did you mean '{}'?", nearest));
      }
      truth.push_back(*index);
    }
  });
  return measure(truth, predicted, static_cast<int>(classes.size()));
}

}  // namespace quire
