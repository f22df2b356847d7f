#include <fmt/format.h>

#include "pipeline/option_tables.h"
#include "pipeline/shared_options.h"
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

}  // namespace

void add_linear_options(TrainOptions& options, std::vector<Option>& table) {
  LinearOptions& o = options.linear;
  const std::vector<Option> own = {
      {.name = "loss",
       .help = "svm (one against the rest, squared hinge) or logistic (softmax)",
       .value = &o.loss,
       .choices = {"svm", "logistic"}},
      {.name = "c",
       .help = "inverse strength of the penalty (default: chosen on rows held out of the training rows)",
       .value = &o.c,
       .least = 1e-9,
       .most = 1e9},
      {.name = "features",
       .help = "tfidf, vectors (of the frozen encoder --model: its last layer's mean, scaled to length 1) or "
               "both "
               "side by side (default: vectors with --model, else tfidf)",
       .value = &o.features,
       .choices = {"tfidf", "vectors", "both"}},
      {.name = "model",
       .help = "directory of a pretrained encoder (config.json, model.safetensors, tokenizer)",
       .value = &o.model},
  };
  table.insert(table.end(), own.begin(), own.end());
  for (const std::vector<Option>& part : {encoder_options(o), tfidf_options(o)})
    table.insert(table.end(), part.begin(), part.end());
}

void check_linear_options(const LinearOptions& options) {
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

}  // namespace quire
