#include "members/encoder.h"

#include <fmt/format.h>

#include "members/token_documents.h"
#include "nn/aten.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/train/predict.h"

namespace quire {
namespace {

// In config.json beside transformers' own keys: what `predict` cuts documents at.
constexpr const char* kMaxLengthKey = "quire_max_length";

void check_tokenizer(const Tokenizer& tokenizer, const EncoderConfig& config,
                     const std::filesystem::path& directory) {
  if (static_cast<std::int64_t>(tokenizer.vocabulary_size()) <= config.vocab_size) return;
  throw InputError(fmt::format("the tokenizer in '{}' knows {} tokens, its model only {}", directory.string(),
                               tokenizer.vocabulary_size(), config.vocab_size),
                   "the tokenizer's files belong to another model");
}

void check_max_length(std::int64_t max_length, const EncoderConfig& config) {
  if (max_length <= config.max_length()) return;
  throw InputError(
      fmt::format("--max-length is {}, but the model has {} positions", max_length, config.max_length()),
      fmt::format("use --max-length {} or less", config.max_length()));
}

// libtorch's own errors carry a stack trace, which helps nobody here.
template <typename Work>
auto without_stack_traces(Work work) {
  try {
    return work();
  } catch (const c10::OutOfMemoryError& error) {
    throw Error(error.what_without_backtrace(), "try a smaller --batch-size or --max-length");
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    throw Error(message, message.find("allocate memory") == std::string::npos
                             ? ""
                             : "try a smaller --batch-size or --max-length");
  }
}

class FittedEncoder : public FittedMember {
 public:
  FittedEncoder(nn::Classifier model, std::shared_ptr<const Tokenizer> tokenizer, std::int64_t max_length,
                std::vector<std::string> class_names)
      : model_(std::move(model)),
        tokenizer_(std::move(tokenizer)),
        max_length_(max_length),
        class_names_(std::move(class_names)) {}

  [[nodiscard]] std::unique_ptr<Corpus> new_corpus() const override {
    return std::make_unique<TokenDocuments>(tokenizer_, max_length_);
  }
  [[nodiscard]] Matrix predict(const Corpus& corpus, std::span<const std::int64_t> rows,
                               const Context& context, std::string_view stage) const override {
    const auto& tokens = dynamic_cast<const TokenDocuments&>(corpus).tokens();
    return without_stack_traces([&] { return train::predict(model_, tokens, rows, context, stage); });
  }
  [[nodiscard]] const std::vector<std::string>& class_names() const override { return class_names_; }

 private:
  nn::Classifier model_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::int64_t max_length_;
  std::vector<std::string> class_names_;
};

train::LoopOptions loop_options(const EncoderOptions& options) {
  train::LoopOptions loop;
  loop.epochs = options.epochs;
  loop.batch_size = options.batch_size;
  loop.accumulation_steps = options.gradient_accumulation_steps;
  loop.max_steps = options.max_steps;
  loop.warmup_ratio = options.warmup_ratio;
  loop.select = options.select == "last" ? train::Select::last : train::Select::best;
  loop.save_every_minutes = options.save_every;
  loop.optimizer.learning_rate = options.learning_rate;
  loop.optimizer.head_learning_rate = options.head_learning_rate;
  loop.optimizer.layer_decay = options.layer_decay;
  loop.optimizer.weight_decay = options.weight_decay;
  loop.optimizer.max_grad_norm = options.max_grad_norm;
  return loop;
}

}  // namespace

EncoderMember::EncoderMember(EncoderOptions options, const Context& context)
    : options_(std::move(options)), loop_(loop_options(options_)) {
  if (options_.model.empty()) {
    throw InputError("no model is given",
                     "--model DIR names a directory with config.json, model.safetensors and a tokenizer");
  }
  (void)nn::parse_head(options_.head);
  const EncoderConfig config = load_config(options_.model);
  check_max_length(options_.max_length, config);
  tokenizer_ = load_tokenizer(options_.model);
  check_tokenizer(*tokenizer_, config, options_.model);
  if (options_.learning_rate > 5e-3) {
    context.warn(
        fmt::format("--learning-rate {:g} is 100 times the usual; encoders are fine-tuned at 1e-5 to 1e-4",
                    options_.learning_rate));
  }
}

nn::Classifier EncoderMember::build(std::int64_t classes, std::uint64_t seed) const {
  Checkpoint checkpoint(options_.model);
  nn::ClassifierOptions options;
  options.head = nn::parse_head(options_.head);
  options.classes = classes;
  options.dropout = options_.dropout.value_or(-1);
  options.seed = seed;
  return nn::Classifier(checkpoint.config(), &checkpoint, options);
}

std::unique_ptr<Corpus> EncoderMember::new_corpus() const {
  return std::make_unique<TokenDocuments>(tokenizer_, options_.max_length);
}

void EncoderMember::describe(const LabelSet& classes, const Context& context) const {
  Checkpoint checkpoint(options_.model);
  nn::ClassifierOptions options;
  options.head = nn::parse_head(options_.head);
  options.classes = static_cast<std::int64_t>(classes.size());
  const nn::Classifier model(checkpoint.config(), &checkpoint, options);
  if (const std::string unread = checkpoint.unread_sentence(); !unread.empty()) context.info(unread);
  context.info(train::describe_groups(
      train::group_parameters(model.parameters(), model.config().layers, loop_.optimizer)));
}

std::unique_ptr<FittedMember> EncoderMember::fit(const FitInput& input, const Context& context) const {
  const auto& corpus = dynamic_cast<const TokenDocuments&>(*input.corpus);
  nn::Classifier model = build(static_cast<std::int64_t>(input.classes->size()), context.seed);
  train::LoopInput loop;
  loop.corpus = &corpus.tokens();
  loop.labels = input.labels;
  loop.train = input.train;
  loop.valid = input.valid;
  loop.fold = static_cast<std::uint32_t>(input.fold);
  loop.folds = input.folds;
  loop.directory = input.directory;
  loop.resume = input.resume;
  without_stack_traces([&] { return train::fit(model, loop, loop_, context); });
  model.save(input.directory, input.classes->names(), {{kMaxLengthKey, std::to_string(options_.max_length)}});
  tokenizer_->save(input.directory);
  std::filesystem::remove(input.directory / "checkpoint.safetensors");
  return std::make_unique<FittedEncoder>(std::move(model), tokenizer_, options_.max_length,
                                         input.classes->names());
}

std::unique_ptr<FittedMember> open_fitted_encoder(const std::filesystem::path& directory,
                                                  std::optional<std::int64_t> max_length) {
  nn::Classifier model = nn::Classifier::open(directory);
  std::vector<std::string> names = Checkpoint(directory).class_names();
  std::shared_ptr<const Tokenizer> tokenizer = load_tokenizer(directory);
  check_tokenizer(*tokenizer, model.config(), directory);
  std::int64_t length = model.config().max_length();
  if (max_length) {
    check_max_length(*max_length, model.config());
    length = *max_length;
  } else if (const auto trained_with = config_value(model.config(), kMaxLengthKey)) {
    length = std::min<std::int64_t>(length, std::strtoll(trained_with->c_str(), nullptr, 10));
  }
  return std::make_unique<FittedEncoder>(std::move(model), std::move(tokenizer), length, std::move(names));
}

}  // namespace quire
