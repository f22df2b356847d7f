// The encoder as a kind of learner: its options.
#include "members/encoder/encoder_kind.h"

#include <fmt/format.h>

#include "members/shared/kind_checks.h"
#include "members/shared/option_groups.h"
#include "quire/base/error.h"
#include "quire/members/backend.h"
#include "quire/members/encoder_options.h"

namespace quire {
namespace {

// What is read of a document.
std::vector<Option> text_options(EncoderOptions& e) {
  return {
      {.name = "model",
       .help = "directory of a pretrained encoder (config.json, model.safetensors, tokenizer)",
       .value = &e.model,
       .is_path = true},
      {.name = "max-length",
       .help = "tokens of a document (of a window with --long-text windows), special tokens included",
       .value = &e.max_length,
       .least = 4,
       .most = 1e6},
      {.name = "long-text",
       .help = "what is kept of a longer text: its head, its tail, head+tail (the first 128 tokens and the "
               "last), or all of it in windows",
       .value = &e.long_text,
       .choices = {"head", "tail", "head+tail", "windows"}},
      {.name = "keep-first",
       .help = "cut the second text alone: the title stays whole",
       .value = &e.keep_first},
      {.name = "window-stride",
       .help = "tokens from the start of a window to that of the next; 0: windows do not overlap",
       .value = &e.window_stride,
       .least = 0,
       .most = 1e6},
      {.name = "window-pooling",
       .help = "from the windows of a document to one vector",
       .value = &e.window_pooling,
       .choices = {"mean", "max", "attention"}},
      {.name = "max-windows",
       .help = "windows of a document; text beyond them is cut",
       .value = &e.max_windows,
       .least = 1,
       .most = 1000}};
}

// What stands on the encoder.
std::vector<Option> head_options(EncoderOptions& e) {
  return {
      {.name = "head",
       .help = "standard: the model family's own, which transformers loads; others pool over all tokens",
       .value = &e.head,
       .choices = {"standard", "mean", "max", "bilstm", "attention", "concat"}},
      {.name = "head-init",
       .help =
           "probe: start the last layer from a logistic regression on the frozen features; auto: with fewer "
           "than 500 training rows a class",
       .value = &e.head_init,
       .choices = {"auto", "random", "probe"}},
      {.name = "features",
       .help = "layers the head reads: last, layer:K (0: the embeddings), mean:N, max:N or concat:N of the "
               "last N, mix (learned weights)",
       .value = &e.features},
      {.name = "dropout-samples",
       .help = "dropout masks the last layer sees at once (multi-sample dropout)",
       .value = &e.dropout_samples,
       .least = 1,
       .most = 64},
      {.name = "dropout",
       .help = "of the whole network (default: the model's own)",
       .value = &e.dropout,
       .least = 0,
       .most = 0.95},
      {.name = "reinit-layers",
       .help = "start the top N layers (and the pooler) from random weights",
       .value = &e.reinit_layers,
       .least = 0,
       .most = 1000}};
}

std::vector<Option> step_options(EncoderOptions& e) {
  return {{.name = "epochs",
           .help = "passes over the training rows",
           .value = &e.epochs,
           .least = 1,
           .most = 10000},
          {.name = "batch-size",
           .help = "documents in a micro-batch",
           .value = &e.batch_size,
           .least = 1,
           .most = 65536},
          {.name = "gradient-accumulation-steps",
           .help = "micro-batches in an optimiser step",
           .value = &e.gradient_accumulation_steps,
           .least = 1,
           .most = 65536},
          {.name = "max-steps",
           .help = "optimiser steps in a fold; 0: all epochs",
           .value = &e.max_steps,
           .least = 0,
           .most = kMany},
          {.name = "learning-rate",
           .help = "of the top encoder layer",
           .value = &e.learning_rate,
           .least = 0,
           .most = 10},
          {.name = "head-learning-rate",
           .help = "of a new head",
           .value = &e.head_learning_rate,
           .least = 0,
           .most = 10},
          {.name = "layer-decay",
           .help = "factor on the learning rate per layer down, embeddings last",
           .value = &e.layer_decay,
           .least = 0.01,
           .most = 1}};
}

std::vector<Option> warmup_and_freezing_options(EncoderOptions& e) {
  return {{.name = "warmup-steps",
           .help = "optimiser steps in which it rises; 0: by --warmup-ratio",
           .value = &e.warmup_steps,
           .least = 0,
           .most = kMany},
          {.name = "freeze-layers",
           .help = "leave the lowest N layers as they are",
           .value = &e.freeze_layers,
           .least = 0,
           .most = 1000},
          {.name = "freeze-embeddings",
           .help = "leave the embeddings as they are",
           .value = &e.freeze_embeddings}};
}

// Of the loss, beside those of loss_options.
std::vector<Option> more_loss_options(EncoderOptions& e) {
  return {{.name = "focal-gamma",
           .help = "focal loss: weigh a document by (1 - p)^gamma; 0: plain cross-entropy",
           .value = &e.focal_gamma,
           .least = 0,
           .most = 10},
          {.name = "r-drop",
           .help = "weight of the divergence between two dropout passes; 0: one pass",
           .value = &e.r_drop,
           .least = 0,
           .most = 100}};
}

std::vector<Option> averaging_options(EncoderOptions& e) {
  return {{.name = "average-best",
           .help = "average the weights of the K best epochs",
           .value = &e.average_best,
           .least = 1,
           .most = 100}};
}

std::vector<Option> device_options(EncoderOptions& e) { return {precision_option(e), device_option(e)}; }

class EncoderSettings : public SettingsOf<EncoderSettings, EncoderOptions> {
 public:
  [[nodiscard]] std::vector<Option> table() override;
  void settle() override { settle_selection(options, options.average_best > 1); }
  void check() const override;
  [[nodiscard]] std::unique_ptr<Member> make(const Context& context) const override {
    return torch_backend().make_encoder(options, context);
  }
  [[nodiscard]] std::string reading() const override;
  [[nodiscard]] Choice choice() const override { return choice_of(options); }
  [[nodiscard]] std::string_view needs_validation() const override {
    if (options.patience > 0) return "patience";
    return options.average_best > 1 ? "average-best" : "";
  }
  [[nodiscard]] OpenOptions as_trained() const override {
    return {.max_length = {}, .precision = options.precision, .device = options.device};
  }
};

std::vector<Option> EncoderSettings::table() {
  EncoderOptions& e = options;
  std::vector<Option> table;
  for (const std::vector<Option>& part :
       {text_options(e), head_options(e), step_options(e), optimizer_options(e),
        warmup_and_freezing_options(e), loss_options(e), more_loss_options(e), averaging_options(e),
        keeping_options(e), device_options(e)}) {
    table.insert(table.end(), part.begin(), part.end());
  }
  return table;
}

void EncoderSettings::check() const {
  if (options.window_stride > options.max_length) {
    throw InputError(fmt::format("--window-stride {} is longer than a window of --max-length {}",
                                 options.window_stride, options.max_length),
                     "text between the windows would be lost: use a stride of at most the window");
  }
  check_selection(options);
  if (options.average_best > 1 && options.select == "last") {
    throw InputError("--average-best averages the best epochs, --select last keeps the last one",
                     "use --select best");
  }
}

std::string EncoderSettings::reading() const {
  EncoderOptions copy = options;
  return "tokens\n" + values_of(text_options(copy), {"model", "max-length", "long-text", "keep-first",
                                                     "window-stride", "max-windows"});
}

class EncoderKind : public MemberKind {
 public:
  [[nodiscard]] std::string_view name() const override { return "encoder"; }
  [[nodiscard]] std::string_view summary() const override {
    return "a pretrained transformer encoder, fine-tuned";
  }
  [[nodiscard]] bool keeps_checkpoint() const override { return true; }
  [[nodiscard]] std::unique_ptr<MemberSettings> defaults() const override {
    return std::make_unique<EncoderSettings>();
  }
  [[nodiscard]] std::unique_ptr<FittedMember> open(const std::filesystem::path& directory,
                                                   const OpenOptions& open,
                                                   const Context& context) const override {
    return torch_backend().open_encoder(directory, open, context);
  }
};

}  // namespace

const MemberKind& encoder_kind() {
  static const EncoderKind kind;
  return kind;
}

}  // namespace quire
