#include "members/encoder/encoder.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "members/encoder/encoder_checks.h"
#include "members/shared/class_weights.h"
#include "members/shared/model_card.h"
#include "members/shared/token_documents.h"
#include "members/shared/torch_fit.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/json.h"
#include "quire/nn/device.h"
#include "quire/train/predict.h"

namespace quire {
namespace {

// In config.json under "quire": what `predict` cuts documents at.
constexpr const char* kMaxLengthKey = "max_length";
// How, when it is not simply the head of the text.
constexpr const char* kLongTextKey = "long_text";
constexpr std::int64_t kMostTokens = std::numeric_limits<std::int32_t>::max();

void check_layer_counts(const EncoderOptions& options, const EncoderConfig& config) {
  for (const auto& [name, count] : {std::pair{"reinit-layers", options.reinit_layers},
                                    std::pair{"freeze-layers", options.freeze_layers}}) {
    if (count <= config.layers) continue;
    throw InputError(fmt::format("--{} is {}", name, count),
                     fmt::format("the encoder has {} layers", config.layers));
  }
}

class FittedEncoder : public FittedMember {
 public:
  FittedEncoder(nn::Classifier model, std::shared_ptr<const Tokenizer> tokenizer, LongText long_text,
                std::vector<std::string> class_names, const std::filesystem::path& directory)
      : model_(std::move(model)),
        tokenizer_(std::move(tokenizer)),
        refusal_(refuse_pairs(*tokenizer_, model_.config(), directory)),
        long_text_(long_text),
        class_names_(std::move(class_names)) {}

  [[nodiscard]] std::unique_ptr<Corpus> new_corpus() const override {
    return std::make_unique<TokenDocuments>(tokenizer_, long_text_, refusal_);
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
  std::optional<InputError> refusal_;  // of pairs
  LongText long_text_;
  std::vector<std::string> class_names_;
};

train::LoopOptions encoder_loop_options(const EncoderOptions& options) {
  train::LoopOptions loop = loop_options(options);
  loop.accumulation_steps = options.gradient_accumulation_steps;
  loop.max_steps = options.max_steps;
  loop.warmup_steps = options.warmup_steps;
  loop.average_best = options.average_best;
  loop.optimizer.head_learning_rate = options.head_learning_rate;
  loop.optimizer.layer_decay = options.layer_decay;
  return loop;
}

train::ClassificationOptions encoder_loss_options(const EncoderOptions& options) {
  train::ClassificationOptions loss = loss_options(options);
  loss.focal_gamma = options.focal_gamma;
  loss.r_drop = options.r_drop;
  return loss;
}

// Training rows a class below which a head starts from a probe unless the user says otherwise. With 51 and
// with 256 a class a head at random loses by far, with 685 nothing (docs/results.md).
constexpr std::size_t kFewRowsPerClass = 500;

bool starts_from_probe(const EncoderOptions& options, const FitInput& input) {
  if (options.head_init != "auto") return options.head_init == "probe";
  return input.train.size() < kFewRowsPerClass * input.classes->size();
}

LongText long_text_options(const EncoderOptions& options) {
  return {.strategy = parse_long_text(options.long_text),
          .keep_first = options.keep_first,
          .max_length = static_cast<std::size_t>(options.max_length),
          .stride = static_cast<std::size_t>(options.window_stride),
          .max_windows = static_cast<std::size_t>(options.max_windows)};
}

// Kept in config.json, so that prediction reads texts as training did.
std::map<std::string, std::string> text_keys(const LongText& options) {
  std::map<std::string, std::string> keys = {{kMaxLengthKey, std::to_string(options.max_length)}};
  if (options.strategy != LongText::Strategy::head || options.keep_first) {
    keys[kLongTextKey] = Json{{"strategy", long_text_name(options.strategy)},
                              {"keep_first", options.keep_first},
                              {"window_stride", options.stride},
                              {"max_windows", options.max_windows}}
                             .dump();
  }
  return keys;
}

LongText stored_long_text(const EncoderConfig& config, std::optional<std::int64_t> max_length) {
  const Section own = own_settings(config);
  LongText options;
  std::int64_t length = config.max_length();
  if (max_length) {
    check_max_length(*max_length, config);
    length = *max_length;
  } else if (own.has(kMaxLengthKey)) {
    length = std::min(length, own.count(kMaxLengthKey, 1, kMostTokens));
  }
  options.max_length = static_cast<std::size_t>(length);
  if (own.has(kLongTextKey)) {
    const Section stored = own.at(kLongTextKey).expect_object();
    options.strategy = parse_long_text(stored.string("strategy"));
    options.keep_first = stored.flag("keep_first");
    options.stride = static_cast<std::size_t>(stored.count("window_stride", 0, kMostTokens));
    options.max_windows = static_cast<std::size_t>(stored.count("max_windows", 0, kMostTokens));
  }
  return options;
}

}  // namespace

EncoderMember::EncoderMember(EncoderOptions options, const Context& context)
    : options_(std::move(options)),
      loop_(encoder_loop_options(options_)),
      loss_(encoder_loss_options(options_)) {
  if (options_.model.empty()) {
    throw InputError("no model is given",
                     "--model DIR names a directory with config.json, model.safetensors and a tokenizer");
  }
  const EncoderConfig config = load_config(options_.model);
  (void)nn::parse_features(options_.features, config.layers);
  check_layer_counts(options_, config);
  check_class_weights(options_.class_weights);
  device_ = nn::choose_device(options_.device);
  (void)choose_precision(options_.precision, device_);
  check_max_length(options_.max_length, config);
  tokenizer_ = load_tokenizer(options_.model);
  check_tokenizer(*tokenizer_, config, options_.model);
  refusal_ = refuse_pairs(*tokenizer_, config, options_.model);
  if (options_.learning_rate > 5e-3) {
    context.warn(
        fmt::format("--learning-rate {:g} is 100 times the usual; encoders are fine-tuned at 1e-5 to 1e-4",
                    options_.learning_rate));
  }
}

nn::Classifier EncoderMember::build(Checkpoint& checkpoint, std::int64_t classes, std::uint64_t seed) const {
  nn::ClassifierOptions options;
  options.head = nn::parse_head(options_.head);
  options.features = nn::parse_features(options_.features, checkpoint.config().layers);
  options.windows = options_.long_text == "windows";
  options.window_pooling = nn::parse_window_pooling(options_.window_pooling);
  options.classes = classes;
  options.dropout = options_.dropout.value_or(-1);
  options.dropout_samples = options_.dropout_samples;
  options.reinit_layers = options_.reinit_layers;
  options.precision = choose_precision(options_.precision, device_);
  options.device = device_;
  options.seed = seed;
  return without_stack_traces([&] {
    nn::Classifier model(checkpoint.config(), &checkpoint, options);
    model.freeze(options_.freeze_layers, options_.freeze_embeddings);
    return model;
  });
}

std::unique_ptr<Corpus> EncoderMember::new_corpus() const {
  return std::make_unique<TokenDocuments>(tokenizer_, long_text_options(options_), refusal_);
}

void EncoderMember::describe(const LabelSet& classes, const Context& context) const {
  Checkpoint checkpoint(options_.model);
  const nn::Classifier model = build(checkpoint, static_cast<std::int64_t>(classes.size()), context.seed);
  if (const std::string unread = checkpoint.unread_sentence(); !unread.empty()) context.info(unread);
  if (!device_.is_cpu())
    context.info(fmt::format("trains on {}: {}", device_.str(), nn::find_cuda().finding));
  context.info(train::describe_groups(
      train::group_parameters(model.parameters(), model.config().layers, loop_.optimizer)));
}

const TokenCorpus& EncoderMember::tokens(const FitInput& input) {
  return dynamic_cast<const TokenDocuments&>(*input.corpus).tokens();
}

std::unique_ptr<FittedMember> EncoderMember::fit(const FitInput& input, const Context& context) const {
  Checkpoint checkpoint(options_.model);
  nn::Classifier model = build(checkpoint, static_cast<std::int64_t>(input.classes->size()), context.seed);
  train::ClassificationOptions loss = loss_;
  loss.probe_head = starts_from_probe(options_, input);
  loss.class_weights = class_weights(options_.class_weights, input.labels, input.train, *input.classes);
  fit_classifier(model, tokens(input), input, loop_, loss, context);
  const LongText long_text = long_text_options(options_);
  model.save(input.directory, input.classes->names(), text_keys(long_text));
  tokenizer_->save(input.directory);
  write_file_atomically(input.directory / "README.md",
                        write_model_card({.base = std::filesystem::path(options_.model).filename().string(),
                                          .head = options_.head,
                                          .features = options_.features,
                                          .long_text = options_.long_text,
                                          .windows = options_.long_text == "windows",
                                          .portable = model.portable(),
                                          .labels = input.classes->names(),
                                          .max_length = options_.max_length,
                                          .train_rows = input.train.size()}));
  return std::make_unique<FittedEncoder>(std::move(model), tokenizer_, long_text, input.classes->names(),
                                         input.directory);
}

void EncoderMember::overfit(const FitInput& input, const Context& context) const {
  Checkpoint checkpoint(options_.model);
  nn::Classifier model = build(checkpoint, static_cast<std::int64_t>(input.classes->size()), context.seed);
  overfit_classifier(model, tokens(input), input, loop_, loss_, context);
}

std::unique_ptr<FittedMember> open_fitted_encoder(const std::filesystem::path& directory,
                                                  const OpenOptions& options) {
  const c10::Device device = nn::choose_device(options.device);
  const nn::Precision precision = choose_precision(options.precision, device);
  nn::Classifier model =
      without_stack_traces([&] { return nn::Classifier::open(directory, precision, device); });
  std::vector<std::string> names = Checkpoint(directory).class_names();
  std::shared_ptr<const Tokenizer> tokenizer = load_tokenizer(directory);
  check_tokenizer(*tokenizer, model.config(), directory);
  const LongText long_text = stored_long_text(model.config(), options.max_length);
  return std::make_unique<FittedEncoder>(std::move(model), std::move(tokenizer), long_text, std::move(names),
                                         directory);
}

}  // namespace quire
