// The linear member as a kind of learner: its options.
#include "members/linear/linear_kind.h"

#include <fmt/format.h>

#include "members/linear/linear.h"
#include "members/shared/kind_checks.h"
#include "members/shared/option_groups.h"
#include "quire/base/error.h"

namespace quire {
namespace {

// Only an encoder has a use for them.
std::vector<Option> encoder_options(LinearOptions& o) {
  return {{.name = "max-length",
           .help = "tokens of a document that the encoder reads, special tokens included",
           .value = &o.max_length,
           .least = 4,
           .most = 1e6},
          precision_option(o)};
}

// The first of `options` whose value is not the default.
template <typename Make>
std::string first_changed(const LinearOptions& options, const Make& make) {
  LinearOptions own = options;
  LinearOptions standard;
  const std::vector<Option> found = make(own);
  const std::vector<Option> defaults = make(standard);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const bool same = std::visit(
        [&](auto* value) { return *value == *std::get<decltype(value)>(defaults[i].value); }, found[i].value);
    if (!same) return std::string(found[i].name);
  }
  return {};
}

std::vector<Option> model_options(LinearOptions& o) {
  return {
      {.name = "loss",
       .help = "svm (one against the rest, squared hinge) or logistic (softmax)",
       .value = &o.loss,
       .choices = {"svm", "logistic"}},
      {.name = "c",
       .help = "inverse strength of the penalty (default: chosen on rows held out of the training rows)",
       .value = &o.c,
       .least = 1e-9,
       .most = 1e9},
      class_weights_option(o),
      {.name = "features",
       .help = "tfidf, vectors (of the frozen encoder --model: its last layer's mean, scaled to length 1) or "
               "both side by side (default: vectors with --model, else tfidf)",
       .value = &o.features,
       .choices = {"tfidf", "vectors", "both"}},
      {.name = "model",
       .help = "directory of a pretrained encoder (config.json, model.safetensors, tokenizer)",
       .value = &o.model,
       .is_path = true},
  };
}

class LinearSettings : public SettingsOf<LinearSettings, LinearOptions> {
 public:
  [[nodiscard]] std::vector<Option> table() override;
  void settle() override { options.features = linear_features(options); }
  void check() const override;
  [[nodiscard]] std::unique_ptr<Member> make(const Context& context) const override {
    return make_linear(options, context);
  }
  [[nodiscard]] std::string reading() const override;
};

std::vector<Option> LinearSettings::table() {
  std::vector<Option> table = model_options(options);
  for (const std::vector<Option>& part : {encoder_options(options), tfidf_options(options)})
    table.insert(table.end(), part.begin(), part.end());
  return table;
}

// Only what the features read of a document.
std::string LinearSettings::reading() const {
  LinearOptions copy = options;
  const std::string features = linear_features(options);
  std::string text = "linear\n";
  if (features != "vectors") {
    text += values_of(tfidf_options(copy),
                      {"clean", "min-word-ngram", "max-word-ngram", "min-char-ngram", "max-char-ngram"});
  }
  if (features != "tfidf") {
    text += values_of(model_options(copy), {"model"}) +
            values_of(encoder_options(copy), {"max-length", "precision"});
  }
  return text;
}

void LinearSettings::check() const {
  const std::string of_encoder = options.features == "tfidf" ? first_changed(options, encoder_options) : "";
  if (!of_encoder.empty()) {
    throw InputError(fmt::format("--{} is about an encoder, and none is given", of_encoder),
                     "--model DIR names its directory");
  }
  const std::string of_terms =
      options.features == "vectors" ? first_changed(options, tfidf_options<LinearOptions>) : "";
  if (!of_terms.empty()) {
    throw InputError(fmt::format("--{} is about TF-IDF, which --features vectors leaves out", of_terms),
                     "use --features both, or leave it out");
  }
}

class LinearKind : public MemberKind {
 public:
  [[nodiscard]] std::string_view name() const override { return "linear"; }
  [[nodiscard]] std::string_view summary() const override {
    return "a linear model on TF-IDF or on the vectors of a frozen encoder";
  }
  [[nodiscard]] std::unique_ptr<MemberSettings> defaults() const override {
    return std::make_unique<LinearSettings>();
  }
  [[nodiscard]] std::unique_ptr<FittedMember> open(const std::filesystem::path& directory,
                                                   const OpenOptions& open,
                                                   const Context& context) const override {
    check_reads_whole_documents(open, directory, name());
    return open_fitted_linear(directory, open.max_length, context);
  }
};

}  // namespace

const MemberKind& linear_kind() {
  static const LinearKind kind;
  return kind;
}

}  // namespace quire
