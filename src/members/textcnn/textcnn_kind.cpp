// TextCNN as a kind of learner: its options.
#include "members/textcnn/textcnn_kind.h"

#include "members/shared/kind_checks.h"
#include "members/shared/option_groups.h"
#include "quire/members/backend.h"
#include "quire/members/textcnn_options.h"

namespace quire {
namespace {

std::vector<Option> own_options(TextcnnOptions& o) {
  return {
      {.name = "model",
       .help = "directory of an encoder whose tokenizer cuts the texts (default: words)",
       .value = &o.model,
       .is_path = true},
      {.name = "embeddings",
       .help = "random, model (the table of the encoder) or a file of word vectors (.vec)",
       .value = &o.embeddings,
       .is_path = true,
       .keywords = {"random", "model"}},
      clean_option(o),
      punctuation_option(o),
      {.name = "min-count",
       .help = "words that occur less often in the training rows are unknown",
       .value = &o.min_count,
       .least = 1,
       .most = kMany},
      {.name = "max-length",
       .help = "words or tokens of a document",
       .value = &o.max_length,
       .least = 1,
       .most = 1e6},
      {.name = "dim", .help = "size of random embeddings", .value = &o.dim, .least = 1, .most = 100000},
      {.name = "filters", .help = "filters of each width", .value = &o.filters, .least = 1, .most = 100000},
      {.name = "min-width",
       .help = "words the narrowest filters span",
       .value = &o.min_width,
       .least = 1,
       .most = 100},
      {.name = "max-width",
       .help = "words the widest filters span",
       .value = &o.max_width,
       .least = 1,
       .most = 100},
      {.name = "dropout", .help = "before the last layer", .value = &o.dropout, .least = 0, .most = 0.95},
      {.name = "epochs",
       .help = "passes over the training rows",
       .value = &o.epochs,
       .least = 1,
       .most = 10000},
      {.name = "batch-size",
       .help = "documents in an optimiser step",
       .value = &o.batch_size,
       .least = 1,
       .most = 65536},
      {.name = "learning-rate", .help = "of AdamW", .value = &o.learning_rate, .least = 0, .most = 10},
  };
}

class TextcnnSettings : public SettingsOf<TextcnnSettings, TextcnnOptions> {
 public:
  [[nodiscard]] std::vector<Option> table() override;
  void settle() override { settle_selection(options); }
  void check() const override { check_selection(options); }
  [[nodiscard]] std::unique_ptr<Member> make(const Context& context) const override {
    return torch_backend().make_textcnn(options, context);
  }
  [[nodiscard]] std::string reading() const override {
    TextcnnOptions copy = options;
    return "words\n" + values_of(own_options(copy), {"clean", "punctuation"});
  }
  [[nodiscard]] Choice choice() const override { return choice_of(options); }
  [[nodiscard]] std::string_view needs_validation() const override {
    return options.patience > 0 ? "patience" : "";
  }
  [[nodiscard]] OpenOptions as_trained() const override {
    return {.max_length = {}, .precision = "fp32", .device = options.device};
  }
};

std::vector<Option> TextcnnSettings::table() {
  TextcnnOptions& o = options;
  std::vector<Option> table = own_options(o);
  for (const std::vector<Option>& part :
       {optimizer_options(o), loss_options(o), keeping_options(o), {device_option(o)}})
    table.insert(table.end(), part.begin(), part.end());
  return table;
}

class TextcnnKind : public MemberKind {
 public:
  [[nodiscard]] std::string_view name() const override { return "textcnn"; }
  [[nodiscard]] std::string_view summary() const override { return "convolutions over word vectors"; }
  [[nodiscard]] bool keeps_checkpoint() const override { return true; }
  [[nodiscard]] std::unique_ptr<MemberSettings> defaults() const override {
    return std::make_unique<TextcnnSettings>();
  }
  [[nodiscard]] std::unique_ptr<FittedMember> open(const std::filesystem::path& directory,
                                                   const OpenOptions& open,
                                                   const Context& context) const override {
    check_reads_whole_documents(open, directory, name());
    return torch_backend().open_textcnn(directory, open, context);
  }
};

}  // namespace

const MemberKind& textcnn_kind() {
  static const TextcnnKind kind;
  return kind;
}

}  // namespace quire
