#include "members/textcnn/textcnn.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "members/shared/class_weights.h"
#include "members/shared/fit_rows.h"
#include "members/shared/torch_fit.h"
#include "members/shared/word_reading.h"
#include "members/shared/word_vectors.h"
#include "members/textcnn/textcnn_settings.h"
#include "members/textcnn/textcnn_vocabulary.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/hub/checkpoint.h"
#include "quire/nn/device.h"
#include "quire/nn/host.h"
#include "quire/nn/textcnn.h"
#include "quire/train/predict.h"

namespace quire {
namespace {

constexpr const char* kWeights = "model.safetensors";
constexpr const char* kLabels = "labels.txt";

class FittedTextcnn : public FittedMember {
 public:
  FittedTextcnn(nn::TextCnn model, TextcnnVocabulary vocabulary, WordReading reading, std::int64_t max_length,
                std::vector<std::string> class_names)
      : model_(std::move(model)),
        vocabulary_(std::move(vocabulary)),
        reading_(std::move(reading)),
        max_length_(max_length),
        class_names_(std::move(class_names)) {}

  [[nodiscard]] std::unique_ptr<Corpus> new_corpus() const override { return reading_.new_corpus(); }
  [[nodiscard]] Matrix predict(const Corpus& corpus, std::span<const std::int64_t> rows,
                               const Context& context, std::string_view stage) const override {
    const auto& documents = dynamic_cast<const WordDocuments&>(corpus);
    const TokenCorpus tokens = vocabulary_.read(documents, rows, max_length_, context);
    std::vector<std::int64_t> places(rows.size());
    std::iota(places.begin(), places.end(), std::int64_t{0});
    return without_stack_traces([&] { return train::predict(model_, tokens, places, context, stage); });
  }
  [[nodiscard]] const std::vector<std::string>& class_names() const override { return class_names_; }

 private:
  nn::TextCnn model_;
  TextcnnVocabulary vocabulary_;
  WordReading reading_;
  std::int64_t max_length_;
  std::vector<std::string> class_names_;
};

class TextcnnMember : public Member {
 public:
  TextcnnMember(TextcnnOptions options, const Context& /*context*/)
      : options_(std::move(options)),
        loop_(loop_options(options_)),
        loss_(loss_options(options_)),
        reading_(options_.clean, options_.punctuation),
        device_(nn::choose_device(options_.device)) {
    if (options_.min_width > options_.max_width) {
      throw InputError(fmt::format("filters go from {} to {} words", options_.min_width, options_.max_width),
                       "--min-width is at most --max-width");
    }
    if (options_.embeddings == "model" && options_.model.empty()) {
      throw InputError("--embeddings model takes the table of an encoder, and none is given",
                       "--model DIR names its directory");
    }
    check_class_weights(options_.class_weights);
    if (!options_.model.empty()) tokenizer_ = load_tokenizer(options_.model);
    if (options_.embeddings == "random") {
      dim_ = options_.dim;
    } else if (options_.embeddings == "model") {
      dim_ = load_config(options_.model).embedding_size;
    } else {
      dim_ = check_word_vectors(options_.embeddings);
    }
  }

  [[nodiscard]] std::unique_ptr<Corpus> new_corpus() const override { return reading_.new_corpus(); }
  void describe(const LabelSet& classes, const Context& context) const override;
  [[nodiscard]] std::unique_ptr<FittedMember> fit(const FitInput& input,
                                                  const Context& context) const override;
  void overfit(const FitInput& input, const Context& context) const override;

 private:
  [[nodiscard]] TextcnnVocabulary vocabulary(const FitInput& input) const;
  [[nodiscard]] nn::TextCnn build(const TextcnnVocabulary& vocabulary, std::int64_t classes,
                                  const Context& context) const;
  void load_embeddings(nn::TextCnn& model, const TextcnnVocabulary& vocabulary, const Context& context) const;
  void save(const std::filesystem::path& directory, const nn::TextCnn& model,
            const TextcnnVocabulary& vocabulary, const LabelSet& labels) const;

  TextcnnOptions options_;
  train::LoopOptions loop_;
  train::ClassificationOptions loss_;  // without class weights, which depend on a fold
  WordReading reading_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::int64_t dim_ = 0;
  c10::Device device_;
};

void TextcnnMember::describe(const LabelSet& classes, const Context& context) const {
  context.info(
      fmt::format("TextCNN for {} classes: {} filters of each width from {} to {} on {} of size {} ({})",
                  classes.size(), options_.filters, options_.min_width, options_.max_width,
                  tokenizer_ ? "tokens" : "words", dim_, options_.embeddings));
  if (!device_.is_cpu())
    context.info(fmt::format("trains on {}: {}", device_.str(), nn::find_cuda().finding));
}

TextcnnVocabulary TextcnnMember::vocabulary(const FitInput& input) const {
  if (tokenizer_) return TextcnnVocabulary::of_tokens(tokenizer_);
  return TextcnnVocabulary::of_words(dynamic_cast<const WordDocuments&>(*input.corpus), input.train,
                                     options_.min_count);
}

nn::TextCnn TextcnnMember::build(const TextcnnVocabulary& vocabulary, std::int64_t classes,
                                 const Context& context) const {
  const nn::TextCnnOptions options{.vocabulary = vocabulary.size(),
                                   .dim = dim_,
                                   .filters = options_.filters,
                                   .min_width = options_.min_width,
                                   .max_width = options_.max_width,
                                   .dropout = options_.dropout,
                                   .classes = classes,
                                   .seed = context.seed,
                                   .device = device_};
  nn::TextCnn model = without_stack_traces([&] { return nn::TextCnn(options); });
  if (options_.embeddings != "random") load_embeddings(model, vocabulary, context);
  return model;
}

void TextcnnMember::load_embeddings(nn::TextCnn& model, const TextcnnVocabulary& vocabulary,
                                    const Context& context) const {
  const at::Tensor& table = model.embeddings();
  if (options_.embeddings == "model") {
    Checkpoint checkpoint(options_.model);
    const std::int64_t stored = checkpoint.config().vocab_size;
    const std::vector<float> values = checkpoint.tensor("embeddings.word_embeddings.weight", {stored, dim_});
    nn::change_values(table, [&](std::span<float> rows) {
      std::copy_n(values.begin(), std::min(values.size(), rows.size()), rows.begin());
    });
    return;
  }
  const std::vector<std::string> words = vocabulary.words();
  std::int64_t found = 0;
  nn::change_values(table, [&](std::span<float> rows) {
    found = read_word_vectors(options_.embeddings, words, dim_, rows);
  });
  const auto all = std::ranges::count_if(words, [](const std::string& word) { return !word.empty(); });
  const char* what = tokenizer_ ? "tokens that are words" : "words";
  if (found == 0) {
    throw InputError(fmt::format("none of {} {} has a vector in '{}'", all, what, options_.embeddings),
                     "is the file of the texts' language, and in lower case as they are after --clean? "
                     "--embeddings random needs none");
  }
  context.info(fmt::format("{} of {} {} have a vector in {}", found, all, what, options_.embeddings));
}

std::unique_ptr<FittedMember> TextcnnMember::fit(const FitInput& input, const Context& context) const {
  check_training_rows(input, context);
  TextcnnVocabulary words = vocabulary(input);
  const TokenCorpus tokens =
      words.read(dynamic_cast<const WordDocuments&>(*input.corpus), options_.max_length, context);
  nn::TextCnn model = build(words, static_cast<std::int64_t>(input.classes->size()), context);
  train::ClassificationOptions loss = loss_;
  loss.class_weights = class_weights(options_.class_weights, input.labels, input.train, *input.classes);
  fit_classifier(model, tokens, input, loop_, loss, context);
  save(input.directory, model, words, *input.classes);
  return std::make_unique<FittedTextcnn>(std::move(model), std::move(words), reading_, options_.max_length,
                                         input.classes->names());
}

void TextcnnMember::overfit(const FitInput& input, const Context& context) const {
  const TextcnnVocabulary words = vocabulary(input);
  const TokenCorpus tokens =
      words.read(dynamic_cast<const WordDocuments&>(*input.corpus), options_.max_length, context);
  nn::TextCnn model = build(words, static_cast<std::int64_t>(input.classes->size()), context);
  overfit_classifier(model, tokens, input, loop_, loss_, context);
}

void TextcnnMember::save(const std::filesystem::path& directory, const nn::TextCnn& model,
                         const TextcnnVocabulary& vocabulary, const LabelSet& labels) const {
  model.save(directory / kWeights);
  vocabulary.save(directory);
  labels.write(directory / kLabels);
  write_textcnn_settings(directory, {.vocabulary_size = vocabulary.size(),
                                     .dim = dim_,
                                     .filters = options_.filters,
                                     .min_width = options_.min_width,
                                     .max_width = options_.max_width,
                                     .max_length = options_.max_length,
                                     .clean = reading_.clean(),
                                     .punctuation = reading_.punctuation()});
}

}  // namespace

std::unique_ptr<Member> make_textcnn_member(TextcnnOptions options, const Context& context) {
  return std::make_unique<TextcnnMember>(std::move(options), context);
}

std::unique_ptr<FittedMember> open_fitted_textcnn(const std::filesystem::path& directory,
                                                  const OpenOptions& open) {
  std::vector<std::string> labels = LabelSet::read(directory / kLabels).names();
  const TextcnnSettings settings = read_textcnn_settings(directory);
  const nn::TextCnnOptions options{.vocabulary = settings.vocabulary_size,
                                   .dim = settings.dim,
                                   .filters = settings.filters,
                                   .min_width = settings.min_width,
                                   .max_width = settings.max_width,
                                   .dropout = 0,
                                   .classes = static_cast<std::int64_t>(labels.size()),
                                   .seed = 0,
                                   .device = nn::choose_device(open.device)};
  return std::make_unique<FittedTextcnn>(
      without_stack_traces([&] { return nn::TextCnn(options, directory / kWeights); }),
      TextcnnVocabulary::open(directory), WordReading(settings.clean, settings.punctuation),
      settings.max_length, std::move(labels));
}

}  // namespace quire
