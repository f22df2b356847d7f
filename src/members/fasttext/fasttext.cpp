#include "members/fasttext/fasttext.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "members/fasttext/fasttext_files.h"
#include "members/fasttext/fasttext_model.h"
#include "members/fasttext/fasttext_search.h"
#include "members/shared/fit_rows.h"
#include "members/shared/word_reading.h"
#include "members/shared/word_vectors.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/json.h"
#include "quire/base/threads.h"

namespace quire {
namespace {

constexpr const char* kModel = "model.bin";
constexpr const char* kLabels = "labels.txt";
constexpr const char* kPreprocessing = "preprocessing.json";
constexpr int kFormat = 1;  // of preprocessing.json

// ---- How a text becomes words ----------------------------------------------------------------------

void write_reading(const std::filesystem::path& path, const WordReading& reading) {
  const OrderedJson json = {
      {"format", kFormat}, {"clean", reading.clean()}, {"punctuation", reading.punctuation()}};
  write_file_atomically(path, json.dump(2) + "\n");
}

WordReading read_reading(const std::filesystem::path& path) {
  const Section json = read_own_json(path, kFormat);
  return {json.strings("clean"), json.string("punctuation")};
}

// ---- Options -----------------------------------------------------------------------------------------

void check_range(std::string_view name, double value, double least, double most) {
  if (value >= least && value <= most) return;
  throw InputError(fmt::format("fastText's {} is {:g}", name, value),
                   fmt::format("expected a value from {:g} to {:g}", least, most));
}

void check(const FasttextOptions& options) {
  constexpr double kMost = 1e9;  // the library counts in 32 bits
  check_range("learning rate", options.learning_rate, 1e-9, 100);
  check_range("dim", static_cast<double>(options.dim), 1, 1e5);
  check_range("number of epochs", static_cast<double>(options.epochs), 1, 1e6);
  check_range("longest word n-gram", static_cast<double>(options.word_ngrams), 1, 100);
  check_range("longest character n-gram", static_cast<double>(options.max_char_ngram), 0, 100);
  check_range("least count", static_cast<double>(options.min_count), 1, kMost);
  check_range("number of buckets", static_cast<double>(options.bucket), 1, kMost);
  check_range("search time in minutes", options.search_minutes, 0, kMost);
  check_range("number of threads", static_cast<double>(options.threads), 0, 4096);
  if (options.min_char_ngram < 0 || options.min_char_ngram > options.max_char_ngram) {
    throw InputError(fmt::format("fastText's character n-grams go from {} to {}", options.min_char_ngram,
                                 options.max_char_ngram),
                     "the shortest is at most as long as the longest; 0 and 0 for none");
  }
  constexpr std::array<std::string_view, 4> kLosses = {"softmax", "hs", "ns", "ova"};
  if (std::ranges::find(kLosses, options.loss) == kLosses.end()) {
    throw InputError(fmt::format("fastText's loss is '{}'", options.loss),
                     fmt::format("expected one of: {}", fmt::join(kLosses, ", ")));
  }
}

// ---- The trained learner -----------------------------------------------------------------------------

class FittedFasttext : public FittedMember {
 public:
  FittedFasttext(FasttextModel model, WordReading reading, std::vector<std::string> class_names)
      : model_(std::move(model)), reading_(std::move(reading)), class_names_(std::move(class_names)) {}

  [[nodiscard]] std::unique_ptr<Corpus> new_corpus() const override { return reading_.new_corpus(); }
  [[nodiscard]] Matrix predict(const Corpus& corpus, std::span<const std::int64_t> rows,
                               const Context& context, std::string_view stage) const override;
  [[nodiscard]] const std::vector<std::string>& class_names() const override { return class_names_; }

 private:
  FasttextModel model_;
  WordReading reading_;
  std::vector<std::string> class_names_;
};

Matrix FittedFasttext::predict(const Corpus& corpus, std::span<const std::int64_t> rows,
                               const Context& context, std::string_view stage) const {
  const auto& documents = dynamic_cast<const WordDocuments&>(corpus);
  Matrix probabilities(static_cast<std::int64_t>(rows.size()),
                       static_cast<std::int64_t>(class_names_.size()));
  // In blocks, so that progress and a request to stop have their turn.
  constexpr std::int64_t kBlock = 4096;
  for (std::int64_t begin = 0; begin < probabilities.rows; begin += kBlock) {
    context.check_stop();
    const std::int64_t count = std::min(kBlock, probabilities.rows - begin);
    parallel_for(count, 64, context.threads, [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = begin + from; i < begin + to; ++i)
        model_.predict(documents.text(rows[static_cast<std::size_t>(i)]), probabilities.row(i));
    });
    if (!stage.empty()) {
      context.progress({.stage = stage,
                        .done = begin + count,
                        .total = probabilities.rows,
                        .detail = {},
                        .seconds_left = -1});
    }
  }
  return probabilities;
}

// ---- Training ----------------------------------------------------------------------------------------

class FasttextMember : public Member {
 public:
  explicit FasttextMember(FasttextOptions options)
      : options_(std::move(options)), reading_(options_.clean, options_.punctuation) {
    check(options_);
    if (!options_.pretrained_vectors.empty()) options_.dim = check_word_vectors(options_.pretrained_vectors);
  }

  [[nodiscard]] std::unique_ptr<Corpus> new_corpus() const override { return reading_.new_corpus(); }
  void describe(const LabelSet& classes, const Context& context) const override;
  [[nodiscard]] std::unique_ptr<FittedMember> fit(const FitInput& input,
                                                  const Context& context) const override;

 private:
  [[nodiscard]] int threads(const Context& context) const {
    return options_.threads == 0 ? context.threads : static_cast<int>(options_.threads);
  }

  FasttextOptions options_;
  WordReading reading_;
};

void FasttextMember::describe(const LabelSet& classes, const Context& context) const {
  const FasttextOptions& o = options_;
  std::string text =
      fmt::format("fastText: dim {}, {} epochs, learning rate {:g} falling to 0, {} over {} classes", o.dim,
                  o.epochs, o.learning_rate, o.loss, classes.size());
  if (o.word_ngrams > 1) text += fmt::format(", words to {}-grams", o.word_ngrams);
  if (o.max_char_ngram > 0) text += fmt::format(", characters {} to {}", o.min_char_ngram, o.max_char_ngram);
  if (!o.pretrained_vectors.empty()) text += fmt::format(", vectors from '{}'", o.pretrained_vectors);
  context.info(text);
  if (threads(context) > 1) {
    context.warn(
        fmt::format("fastText on {} threads is not reproducible: they change one model without locks, "
                    "so that another run of the same seed gives another model; use one thread for "
                    "equal results",
                    threads(context)));
  }
  if (o.search_minutes > 0) {
    context.info(
        fmt::format("each fold searches {:g} minutes for better options; how far it gets depends on "
                    "the machine, and so may the result",
                    o.search_minutes));
  }
}

std::unique_ptr<FittedMember> FasttextMember::fit(const FitInput& input, const Context& context) const {
  const auto& documents = dynamic_cast<const WordDocuments&>(*input.corpus);
  const std::string stage = fold_name(input);
  if (check_training_rows(input, context) < 2 && options_.loss == "ns") {
    throw InputError(
        fmt::format("{}: the training rows have one class, and negative sampling needs two", stage),
        "use the softmax loss");
  }
  const std::vector<std::int64_t> rows = training_order(input.train, input.fold, context.seed);

  FasttextOptions options = options_;
  if (options.search_minutes > 0) {
    options = search_options(options_,
                             {.documents = &documents,
                              .labels = input.labels,
                              .rows = rows,
                              .fold = input.fold,
                              .directory = input.directory,
                              .stage = stage},
                             threads(context), context);
  }
  {
    const TemporaryFile file(input.directory / "train.txt");
    write_training_file(file.path(), documents, rows, input.labels);
    const auto model = FasttextModel::train(
        options, {.file = file.path(), .threads = threads(context), .stage = stage, .deadline = {}}, context);
    model->save(input.directory / kModel);
  }
  input.classes->write(input.directory / kLabels);
  write_reading(input.directory / kPreprocessing, reading_);
  // What was saved is what predicts, and the library's tables for training (120 MB) are gone.
  return open_fitted_fasttext(input.directory, context);
}

}  // namespace

std::unique_ptr<Member> make_fasttext(FasttextOptions options, const Context& /*context*/) {
  return std::make_unique<FasttextMember>(std::move(options));
}

std::unique_ptr<FittedMember> open_fitted_fasttext(const std::filesystem::path& directory,
                                                   const Context& /*context*/) {
  const LabelSet labels = LabelSet::read(directory / kLabels);
  FasttextModel model(directory / kModel);
  if (static_cast<std::size_t>(model.classes()) > labels.size()) {
    throw InputError(fmt::format("'{}' knows {} classes, and 'labels.txt' beside it names {}",
                                 (directory / kModel).string(), model.classes(), labels.size()),
                     "the files belong to different models");
  }
  return std::make_unique<FittedFasttext>(std::move(model), read_reading(directory / kPreprocessing),
                                          labels.names());
}

}  // namespace quire
