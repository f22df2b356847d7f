#include "members/lightgbm/lightgbm.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "members/lightgbm/lightgbm_library.h"
#include "members/lightgbm/lightgbm_parameters.h"
#include "members/shared/class_weights.h"
#include "members/shared/fit_rows.h"
#include "members/shared/term_documents.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/json.h"
#include "quire/base/stopwatch.h"
#include "quire/table/writer.h"

namespace quire {
namespace {

using lightgbm::Booster;
using lightgbm::Dataset;

constexpr const char* kModel = "model.txt";
constexpr const char* kLabels = "labels.txt";
constexpr const char* kPreprocessing = "preprocessing.json";
constexpr int kFormat = 1;  // of preprocessing.json
constexpr const char* kImportance = "importance.tsv";

// ---- Features ----------------------------------------------------------------------------------------

std::vector<TermOptions> bags(const LightgbmOptions& options) {
  // Lower case is a step of cleaning, and done by then.
  std::vector<TermOptions> bags;
  if (options.max_word_ngram > 0) {
    bags.push_back({.analyzer = Analyzer::word,
                    .min_n = options.min_word_ngram,
                    .max_n = options.max_word_ngram,
                    .lowercase = false});
  }
  if (options.max_char_ngram > 0) {
    bags.push_back({.analyzer = Analyzer::character_within_words,
                    .min_n = options.min_char_ngram,
                    .max_n = options.max_char_ngram,
                    .lowercase = false});
  }
  return bags;
}

void check_features(const LightgbmOptions& options) {
  if (options.min_df < 0 || options.max_df <= 0) {
    throw InputError(fmt::format("min_df is {:g} and max_df {:g}", options.min_df, options.max_df),
                     "a number of documents, or a share of them between 0 and 1");
  }
  if (options.max_features < 0) {
    throw InputError(fmt::format("max_features is {}", options.max_features), "0 keeps all");
  }
}

TfIdfOptions tfidf_options(const LightgbmOptions& options) {
  TfIdfOptions tfidf;
  tfidf.min_df = options.min_df;
  tfidf.max_df = options.max_df;
  tfidf.max_features = options.max_features;
  tfidf.sublinear_tf = options.sublinear_tf;
  return tfidf;
}

std::shared_ptr<const Cleaner> read_cleaner(const std::filesystem::path& path) {
  return std::make_shared<Cleaner>(parse_clean(read_own_json(path, kFormat).strings("clean")));
}

// ---- The trained learner -----------------------------------------------------------------------------

class FittedLightgbm : public FittedMember {
 public:
  FittedLightgbm(Booster booster, TermFeatures features, std::shared_ptr<const Cleaner> cleaner,
                 std::vector<std::string> class_names)
      : booster_(std::move(booster)),
        features_(std::move(features)),
        cleaner_(std::move(cleaner)),
        class_names_(std::move(class_names)) {}

  [[nodiscard]] std::unique_ptr<Corpus> new_corpus() const override {
    return std::make_unique<TermDocuments>(cleaner_, features_.bags());
  }
  [[nodiscard]] Matrix predict(const Corpus& corpus, std::span<const std::int64_t> rows,
                               const Context& context, std::string_view stage) const override;
  [[nodiscard]] const std::vector<std::string>& class_names() const override { return class_names_; }

 private:
  Booster booster_;
  TermFeatures features_;
  std::shared_ptr<const Cleaner> cleaner_;
  std::vector<std::string> class_names_;
};

// With "one against all" objectives the library's probabilities of a row need not sum to 1.
void normalise(std::span<const double> values, std::span<float> row) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  const double equal = 1.0 / static_cast<double>(values.size());
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(sum > 0 ? values[i] / sum : equal);
}

Matrix FittedLightgbm::predict(const Corpus& corpus, std::span<const std::int64_t> rows,
                               const Context& context, std::string_view stage) const {
  const auto& documents = dynamic_cast<const TermDocuments&>(corpus);
  const lightgbm::LogScope log(context);
  const std::size_t classes = class_names_.size();
  Matrix probabilities(static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(classes));
  // In blocks, so that progress and a request to stop have their turn.
  constexpr std::size_t kBlock = 4096;
  for (std::size_t begin = 0; begin < rows.size(); begin += kBlock) {
    context.check_stop();
    const auto block = rows.subspan(begin, std::min(kBlock, rows.size() - begin));
    const SparseMatrix matrix = features_.transform(documents, block, context);
    const std::vector<double> values = booster_.predict(matrix, context.threads);
    for (std::size_t i = 0; i < block.size(); ++i) {
      normalise(std::span(values).subspan(i * classes, classes),
                probabilities.row(static_cast<std::int64_t>(begin + i)));
    }
    if (!stage.empty()) {
      context.progress({.stage = stage,
                        .done = static_cast<std::int64_t>(begin + block.size()),
                        .total = probabilities.rows,
                        .detail = {},
                        .seconds_left = -1});
    }
  }
  return probabilities;
}

// ---- Boosting ----------------------------------------------------------------------------------------

// How far boosting went, and which round is kept.
struct Boosting {
  std::int64_t rounds = 0;
  std::int64_t best_round = 0;  // from 1
  double best = std::numeric_limits<double>::quiet_NaN();
  std::string metric;  // empty: there are no validation rows
};

// As LightGBM's Python package tells them.
bool higher_is_better(const std::string& metric) {
  return metric.starts_with("auc") || metric.starts_with("ndcg") || metric.starts_with("map") ||
         metric.starts_with("average_precision");
}

class Rounds {
 public:
  Rounds(Booster& booster, bool has_validation, const LightgbmOptions& options, std::string_view stage,
         const Context& context)
      : booster_(booster), options_(options), stage_(stage), context_(context) {
    if (!has_validation) return;
    const std::vector<std::string> metrics = booster.metric_names();
    if (metrics.empty()) return;
    result_.metric = metrics.front();
    sign_ = higher_is_better(result_.metric) ? -1 : 1;
  }

  Boosting run() {
    while (result_.rounds < options_.rounds) {
      context_.check_stop();
      if (!booster_.update()) break;
      ++result_.rounds;
      if (result_.metric.empty()) {
        result_.best_round = result_.rounds;
      } else if (!judge()) {
        break;
      }
      report();
    }
    return result_;
  }

 private:
  // False when it is time to stop.
  bool judge() {
    last_ = booster_.evaluate(0).front();
    if (result_.best_round == 0 || sign_ * last_ < sign_ * result_.best) {
      result_.best = last_;
      result_.best_round = result_.rounds;
    }
    return options_.early_stopping_rounds == 0 ||
           result_.rounds - result_.best_round < options_.early_stopping_rounds;
  }

  void report() const {
    const double per_round = watch_.seconds() / static_cast<double>(result_.rounds);
    std::string detail = fmt::format("{:.2f} s a round", per_round);
    if (!result_.metric.empty()) {
      detail = fmt::format("validation {} {:.4f}, best {:.4f} in round {}  {}", result_.metric, last_,
                           result_.best, result_.best_round, detail);
    }
    context_.progress({.stage = stage_,
                       .done = result_.rounds,
                       .total = options_.rounds,
                       .detail = detail,
                       .seconds_left = per_round * static_cast<double>(options_.rounds - result_.rounds)});
  }

  Booster& booster_;
  const LightgbmOptions& options_;
  std::string_view stage_;
  const Context& context_;
  Boosting result_;
  double sign_ = 1;
  double last_ = 0;
  Stopwatch watch_;
};

// ---- Training ----------------------------------------------------------------------------------------

class LightgbmMember : public Member {
 public:
  LightgbmMember(LightgbmOptions options, const Context& context);

  [[nodiscard]] std::unique_ptr<Corpus> new_corpus() const override {
    return std::make_unique<TermDocuments>(cleaner_, bags(options_));
  }
  void describe(const LabelSet& classes, const Context& context) const override;
  [[nodiscard]] std::unique_ptr<FittedMember> fit(const FitInput& input,
                                                  const Context& context) const override;

 private:
  void write_importances(const Booster& booster, const TermFeatures& features, int rounds,
                         const std::filesystem::path& path) const;

  LightgbmOptions options_;
  lightgbm::Parameters parameters_;
  std::shared_ptr<const Cleaner> cleaner_;
};

// The values of parameters are the library's to judge: it gets to see them with four rows of data.
void try_parameters(const lightgbm::Parameters& parameters) {
  SparseMatrix matrix;
  matrix.rows = 4;
  matrix.cols = 1;
  matrix.begins = {0, 1, 2, 3, 4};
  matrix.columns = {0, 0, 0, 0};
  matrix.values = {1, 2, 3, 4};
  const std::vector<float> labels = {0, 1, 0, 1};
  const std::string text = lightgbm::join(parameters, 2, 1, 0);
  // Its warnings about four rows are nobody's business.
  const Context nobody;
  const lightgbm::LogScope quiet(nobody);
  try {
    Dataset data(matrix, text);
    data.set_labels(labels);
    const Booster booster(data, text);
  } catch (const InputError& error) {
    throw InputError(error.what(), "LightGBM's documentation says what its parameters take");
  }
}

LightgbmMember::LightgbmMember(LightgbmOptions options, const Context& context)
    : options_(std::move(options)),
      parameters_(lightgbm::make_parameters(options_)),
      cleaner_(std::make_shared<Cleaner>(parse_clean(options_.clean))) {
  check_features(options_);
  (void)TermDocuments(cleaner_, bags(options_));  // refuses n-grams that make no sense
  try_parameters(parameters_);
  const auto boosting = parameters_.find("boosting");
  if (boosting != parameters_.end() && boosting->second == "dart" && options_.early_stopping_rounds > 0) {
    context.warn("LightGBM's dart changes earlier trees in later rounds: all rounds are done and kept");
    options_.early_stopping_rounds = 0;
  }
}

void LightgbmMember::describe(const LabelSet& classes, const Context& context) const {
  const LightgbmOptions& o = options_;
  context.info(
      fmt::format("LightGBM: at most {} rounds of {} trees with {} leaves, learning rate {:g}, {} features",
                  o.rounds, classes.size(), o.num_leaves, o.learning_rate,
                  o.max_features > 0 ? fmt::format("at most {}", o.max_features) : "all"));
  if (o.early_stopping_rounds > 0) {
    context.info(
        fmt::format("a fold stops {} rounds after the best by its validation rows", o.early_stopping_rounds));
  }
}

std::vector<float> of_rows(std::span<const int> labels, std::span<const std::int64_t> rows) {
  std::vector<float> values;
  values.reserve(rows.size());
  for (const std::int64_t row : rows)
    values.push_back(static_cast<float>(labels[static_cast<std::size_t>(row)]));
  return values;
}

std::string outcome(const Boosting& boosting, const LightgbmOptions& options, std::string_view stage) {
  if (boosting.metric.empty()) return fmt::format("{}: all {} rounds kept", stage, boosting.rounds);
  const bool is_rising = boosting.rounds == options.rounds && boosting.best_round == boosting.rounds;
  return fmt::format("{}: kept round {} of {}, {} {:.4f} on the fold's validation rows{}", stage,
                     boosting.best_round, boosting.rounds, boosting.metric, boosting.best,
                     is_rising ? "; more rounds may be better" : "");
}

std::unique_ptr<FittedMember> LightgbmMember::fit(const FitInput& input, const Context& context) const {
  const auto& documents = dynamic_cast<const TermDocuments&>(*input.corpus);
  const std::string stage = fold_name(input);
  const lightgbm::LogScope log(context);
  check_training_rows(input, context);

  const TermFeatures features = TermFeatures::fit(documents, input.train, tfidf_options(options_), context);
  const std::string parameters = lightgbm::join(parameters_, static_cast<std::int64_t>(input.classes->size()),
                                                context.threads, context.seed);
  Dataset train(features.transform(documents, input.train, context), parameters);
  train.set_labels(of_rows(input.labels, input.train));
  const std::vector<float> weights =
      class_weights(options_.class_weights, input.labels, input.train, *input.classes);
  if (!weights.empty()) {
    std::vector<float> of_row;
    for (const std::int64_t row : input.train)
      of_row.push_back(weights[static_cast<std::size_t>(input.labels[static_cast<std::size_t>(row)])]);
    train.set_weights(of_row);
  }
  std::optional<Dataset> valid;
  if (!input.valid.empty() && options_.early_stopping_rounds > 0) {
    valid.emplace(features.transform(documents, input.valid, context), parameters, &train);
    valid->set_labels(of_rows(input.labels, input.valid));
  }

  Booster booster(train, parameters);
  if (valid) booster.add_validation(*valid);
  const Boosting boosting = Rounds(booster, valid.has_value(), options_, stage, context).run();
  if (boosting.rounds == 0) {
    throw InputError(
        fmt::format("{}: LightGBM found nothing to split by", stage),
        fmt::format("there are {} training rows, and a leaf must hold {}: lower min_data_in_leaf",
                    input.train.size(), options_.min_data_in_leaf));
  }
  context.info(outcome(boosting, options_, stage));

  const int kept = static_cast<int>(boosting.best_round);
  write_file_atomically(input.directory / kModel, booster.to_text(kept));
  write_importances(booster, features, kept, input.directory / kImportance);
  features.save(input.directory);
  input.classes->write(input.directory / kLabels);
  const OrderedJson preprocessing = {{"format", kFormat}, {"clean", clean_names(cleaner_->options())}};
  write_file_atomically(input.directory / kPreprocessing, preprocessing.dump(2) + "\n");
  return open_fitted_lightgbm(input.directory, context);
}

// The terms that split any tree, those that gained most first.
void LightgbmMember::write_importances(const Booster& booster, const TermFeatures& features, int rounds,
                                       const std::filesystem::path& path) const {
  const std::vector<double> gains = booster.importances(lightgbm::Importance::gain, rounds);
  const std::vector<double> splits = booster.importances(lightgbm::Importance::splits, rounds);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < splits.size(); ++i)
    if (splits[i] > 0) order.push_back(i);
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) { return gains[i]; });
  const std::vector<std::string> header = {"term", "gain", "splits"};
  TableWriter writer(path, header);
  for (const std::size_t i : order) {
    const std::vector<std::string> fields = {std::string(features.name(static_cast<std::int64_t>(i))),
                                             fmt::format("{:.6g}", gains[i]),
                                             fmt::format("{:.0f}", splits[i])};
    writer.write(fields);
  }
  writer.commit();
}

}  // namespace

std::unique_ptr<Member> make_lightgbm(LightgbmOptions options, const Context& context) {
  lightgbm::load_library();
  return std::make_unique<LightgbmMember>(std::move(options), context);
}

std::unique_ptr<FittedMember> open_fitted_lightgbm(const std::filesystem::path& directory,
                                                   const Context& context) {
  const lightgbm::LogScope log(context);
  const LabelSet labels = LabelSet::read(directory / kLabels);
  TermFeatures features = TermFeatures::load(directory);
  Booster booster(read_file(directory / kModel));
  if (static_cast<std::size_t>(booster.classes()) != labels.size() || booster.features() != features.size()) {
    throw InputError(fmt::format("'{}' has {} classes and {} features, the files beside it {} and {}",
                                 (directory / kModel).string(), booster.classes(), booster.features(),
                                 labels.size(), features.size()),
                     "the files belong to different models");
  }
  return std::make_unique<FittedLightgbm>(std::move(booster), std::move(features),
                                          read_cleaner(directory / kPreprocessing), labels.names());
}

}  // namespace quire
