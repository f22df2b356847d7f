#include "members/linear/linear.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "members/linear/linear_documents.h"
#include "members/linear/linear_fitted.h"
#include "members/linear/linear_solver.h"
#include "members/shared/class_weights.h"
#include "members/shared/fit_rows.h"
#include "quire/base/error.h"
#include "quire/base/stopwatch.h"

namespace quire {
namespace {

bool reads_terms(const LinearOptions& options) { return linear_features(options) != "vectors"; }
bool reads_vectors(const LinearOptions& options) { return linear_features(options) != "tfidf"; }

// The bags of terms that the options ask for. Case is a matter of cleaning.
std::vector<TermOptions> bags_of(const LinearOptions& options) {
  std::vector<TermOptions> bags;
  if (options.max_word_ngram > 0) {
    bags.push_back({Analyzer::word, options.min_word_ngram, options.max_word_ngram, false});
  }
  if (options.max_char_ngram > 0) {
    bags.push_back({Analyzer::character_within_words, options.min_char_ngram, options.max_char_ngram, false});
  }
  return bags;
}

TfIdfOptions tfidf_options(const LinearOptions& options) {
  return {.min_df = options.min_df,
          .max_df = options.max_df,
          .max_features = options.max_features,
          .sublinear_tf = options.sublinear_tf};
}

void check(const LinearOptions& options) {
  if (options.loss != "svm" && options.loss != "logistic") {
    throw InputError(fmt::format("'{}' is no loss of the linear member", options.loss),
                     "use svm or logistic");
  }
  const std::string features = linear_features(options);
  if (features != "tfidf" && features != "vectors" && features != "both") {
    throw InputError(fmt::format("'{}' are no features of the linear member", features),
                     "use tfidf, vectors or both");
  }
  if (reads_vectors(options) && options.model.empty()) {
    throw InputError(fmt::format("--features {} needs an encoder, and none is given", features),
                     "--model DIR names a directory with config.json, model.safetensors and a tokenizer");
  }
  if (!reads_vectors(options) && !options.model.empty()) {
    throw InputError(fmt::format("--model is '{}', but --features tfidf reads no encoder", options.model),
                     "use --features vectors or both, or leave one of the two out");
  }
  if (options.c && (!(*options.c > 0) || !std::isfinite(*options.c))) {
    throw InputError(fmt::format("C is {:g}; it must be more than 0", *options.c),
                     "leave it out to have it chosen");
  }
  if (options.min_df < 0 || options.max_df <= 0) {
    throw InputError(fmt::format("min_df is {:g} and max_df {:g}", options.min_df, options.max_df),
                     "a number of documents, or a share of them between 0 and 1");
  }
  if (options.max_features < 0) {
    throw InputError(fmt::format("max_features is {}", options.max_features), "0 keeps all");
  }
}

std::vector<int> train_labels(const FitInput& input) {
  std::vector<int> labels;
  for (const std::int64_t row : input.train) labels.push_back(input.labels[static_cast<std::size_t>(row)]);
  return labels;
}

class LinearMember : public Member {
 public:
  LinearMember(LinearOptions options, const Context& context) : options_(std::move(options)) {
    check(options_);
    check_class_weights(options_.class_weights);
    if (reads_terms(options_)) {
      bags_ = bags_of(options_);
      cleaner_ = std::make_shared<const Cleaner>(parse_clean(options_.clean));
      (void)TermDocuments(cleaner_, bags_);  // refuses n-grams that make no sense
    }
    if (reads_vectors(options_)) {
      encoder_ = std::make_shared<const FrozenEncoder>(VectorOptions{
          .model = options_.model, .max_length = options_.max_length, .precision = options_.precision});
      (void)encoder_->open(context);
    }
  }

  [[nodiscard]] std::unique_ptr<Corpus> new_corpus() const override {
    return std::make_unique<LinearDocuments>(
        cleaner_ ? std::make_unique<TermDocuments>(cleaner_, bags_) : nullptr,
        encoder_ ? std::make_unique<VectorDocuments>(encoder_) : nullptr);
  }
  void describe(const LabelSet& classes, const Context& context) const override;
  [[nodiscard]] std::unique_ptr<FittedMember> fit(const FitInput& input,
                                                  const Context& context) const override;

 private:
  [[nodiscard]] LinearChoice choose(const FitInput& input, const LinearDocuments& documents,
                                    std::span<const float> weights, const Context& context) const;
  [[nodiscard]] std::string describe_terms() const;
  [[nodiscard]] std::string describe_fit(const std::string& fold, std::int64_t features,
                                         const LinearChoice& choice) const;

  LinearOptions options_;
  std::vector<TermOptions> bags_;
  std::shared_ptr<const Cleaner> cleaner_;        // null without TF-IDF
  std::shared_ptr<const FrozenEncoder> encoder_;  // null without vectors
};

std::string LinearMember::describe_terms() const {
  std::vector<std::string> bags;
  for (const TermOptions& bag : bags_) {
    bags.push_back(fmt::format("{} to {} {}", bag.min_n, bag.max_n,
                               bag.analyzer == Analyzer::word ? "words" : "characters within words"));
  }
  const std::vector<std::string> steps = clean_names(cleaner_->options());
  return fmt::format(
      "TF-IDF of n-grams of {}, min_df {:g}, max_df {:g}, max_features {}, {} counts; cleaning: {}",
      fmt::join(bags, " and of "), options_.min_df, options_.max_df,
      options_.max_features > 0 ? fmt::format("{}", options_.max_features) : "all",
      options_.sublinear_tf ? "sublinear" : "plain",
      steps.empty() ? "white space" : fmt::format("{}", fmt::join(steps, ", ")));
}

void LinearMember::describe(const LabelSet& classes, const Context& context) const {
  if (cleaner_) context.info(fmt::format("features: {}", describe_terms()));
  if (encoder_) {
    context.info(
        fmt::format("features: {} dimensions of the frozen encoder in '{}', mean over up to {} tokens",
                    encoder_->open(context).width(), options_.model, options_.max_length));
  }
  context.info(fmt::format(
      "model: {} of {} classes, C {}",
      options_.loss == "svm" ? "linear SVMs, one against the rest," : "logistic regression", classes.size(),
      options_.c ? fmt::format("{:g}", *options_.c) : "chosen in each fold on rows held out of it"));
}

LinearChoice LinearMember::choose(const FitInput& input, const LinearDocuments& documents,
                                  std::span<const float> weights, const Context& context) const {
  const std::string fold = fold_name(input);
  const TfIdfOptions weighting = tfidf_options(options_);
  const MakeFeatures make_features = [&](std::span<const std::int64_t> train,
                                         std::span<const std::int64_t> valid) {
    const LinearFeatures features = LinearFeatures::fit(documents, train, weighting, context);
    return SplitFeatures{features.transform(documents, train, context),
                         features.transform(documents, valid, context)};
  };
  const LinearChoice choice =
      choose_linear(options_, input.train, input.labels, static_cast<int>(input.classes->size()), weights,
                    make_features, fold, context);
  if (!choice.accuracy && (!options_.c || options_.loss == "svm")) {
    context.warn(
        fmt::format("{} has only {} rows to learn from: none were held out to choose C or the "
                    "temperature, which are {:g} and {:g}",
                    fold, input.train.size(), choice.c, choice.temperature));
  }
  return choice;
}

std::unique_ptr<FittedMember> LinearMember::fit(const FitInput& input, const Context& context) const {
  const auto& documents = dynamic_cast<const LinearDocuments&>(*input.corpus);
  const std::string fold = fold_name(input);
  check_training_rows(input, context);
  if (documents.vectors() != nullptr) documents.vectors()->prepare(context, "computing vectors");
  const Stopwatch watch;
  const std::vector<float> weights =
      class_weights(options_.class_weights, input.labels, input.train, *input.classes);
  const LinearChoice choice = choose(input, documents, weights, context);

  LinearFeatures features = LinearFeatures::fit(documents, input.train, tfidf_options(options_), context);
  LinearSolution solution =
      solve_linear(options_.loss, choice.c, features.transform(documents, input.train, context),
                   train_labels(input), static_cast<int>(input.classes->size()), weights, fold, context);
  if (!solution.converged) {
    context.warn(fmt::format("{}: the model had not converged when its iterations were over", fold));
  }
  context.info(fmt::format("{}, {:.1f} s", describe_fit(fold, features.size(), choice), watch.seconds()));
  auto fitted = std::make_unique<FittedLinear>(FittedLinear::Parts{.loss = options_.loss,
                                                                   .c = choice.c,
                                                                   .temperature = choice.temperature,
                                                                   .features = std::move(features),
                                                                   .model = std::move(solution.model),
                                                                   .cleaner = cleaner_,
                                                                   .encoder = encoder_,
                                                                   .class_names = input.classes->names()});
  fitted->save(input.directory, input.shared.empty() ? input.directory : input.shared);
  return fitted;
}

std::string LinearMember::describe_fit(const std::string& fold, std::int64_t features,
                                       const LinearChoice& choice) const {
  std::string sentence = fmt::format("{}: {} features, C {:g}", fold, features, choice.c);
  if (choice.accuracy) {
    sentence += fmt::format(" ({}accuracy {:.4f} on {} rows held out inside the fold)",
                            choice.tried > 1 ? fmt::format("the best of {}, ", choice.tried) : "",
                            *choice.accuracy, choice.held_out);
  }
  if (options_.loss == "svm") sentence += fmt::format(", temperature {:.3f}", choice.temperature);
  return sentence;
}

}  // namespace

std::string linear_features(const LinearOptions& options) {
  if (!options.features.empty()) return options.features;
  return options.model.empty() ? "tfidf" : "vectors";
}

std::unique_ptr<Member> make_linear(LinearOptions options, const Context& context) {
  return std::make_unique<LinearMember>(std::move(options), context);
}

std::unique_ptr<FittedMember> open_fitted_linear(const std::filesystem::path& directory,
                                                 std::optional<std::int64_t> max_length,
                                                 const Context& /*context*/) {
  return FittedLinear::load(directory, max_length);
}

}  // namespace quire
