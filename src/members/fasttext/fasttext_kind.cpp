// fastText as a kind of learner: its options.
#include "members/fasttext/fasttext_kind.h"

#include "members/fasttext/fasttext.h"
#include "members/shared/kind_checks.h"
#include "members/shared/option_groups.h"

namespace quire {
namespace {

std::vector<Option> all_options(FasttextOptions& o) {
  return {
      clean_option(o),
      punctuation_option(o),
      {.name = "learning-rate",
       .help = "at the start; it falls to 0",
       .value = &o.learning_rate,
       .least = 1e-9,
       .most = 100},
      {.name = "dim", .help = "size of the vectors", .value = &o.dim, .least = 1, .most = 100000},
      {.name = "epochs",
       .help = "passes over the training rows",
       .value = &o.epochs,
       .least = 1,
       .most = 100000},
      {.name = "word-ngrams",
       .help = "longest n-gram of words",
       .value = &o.word_ngrams,
       .least = 1,
       .most = 20},
      {.name = "min-char-ngram",
       .help = "shortest n-gram of characters",
       .value = &o.min_char_ngram,
       .least = 0,
       .most = 20},
      {.name = "max-char-ngram",
       .help = "longest n-gram of characters; 0: none",
       .value = &o.max_char_ngram,
       .least = 0,
       .most = 20},
      {.name = "min-count",
       .help = "words that occur less often are left out",
       .value = &o.min_count,
       .least = 1,
       .most = kMany},
      {.name = "loss",
       .help = "softmax, hs (hierarchical softmax), ns (negative sampling) or ova (one against all)",
       .value = &o.loss,
       .choices = {"softmax", "hs", "ns", "ova"}},
      {.name = "bucket",
       .help = "hash buckets of the n-grams",
       .value = &o.bucket,
       .least = 1,
       .most = kMany},
      {.name = "pretrained-vectors",
       .help = "file of word vectors (.vec)",
       .value = &o.pretrained_vectors,
       .is_path = true},
      {.name = "search-minutes",
       .help = "minutes a fold spends on searching better options; 0: none",
       .value = &o.search_minutes,
       .least = 0,
       .most = kMany},
      {.name = "fasttext-threads",
       .help = "threads of a training; only 1 gives the same result twice; 0: all",
       .value = &o.threads,
       .least = 0,
       .most = 4096},
  };
}

class FasttextSettings : public SettingsOf<FasttextSettings, FasttextOptions> {
 public:
  [[nodiscard]] std::vector<Option> table() override { return all_options(options); }
  [[nodiscard]] std::unique_ptr<Member> make(const Context& context) const override {
    return make_fasttext(options, context);
  }
  [[nodiscard]] std::string reading() const override {
    FasttextOptions copy = options;
    return "words\n" + values_of(all_options(copy), {"clean", "punctuation"});
  }
};

class FasttextKind : public MemberKind {
 public:
  [[nodiscard]] std::string_view name() const override { return "fasttext"; }
  [[nodiscard]] std::string_view summary() const override {
    return "word vectors and a linear layer, by fastText";
  }
  [[nodiscard]] std::unique_ptr<MemberSettings> defaults() const override {
    return std::make_unique<FasttextSettings>();
  }
  [[nodiscard]] std::unique_ptr<FittedMember> open(const std::filesystem::path& directory,
                                                   const OpenOptions& open,
                                                   const Context& context) const override {
    check_reads_whole_documents(open, directory, name());
    return open_fitted_fasttext(directory, context);
  }
};

}  // namespace

const MemberKind& fasttext_kind() {
  static const FasttextKind kind;
  return kind;
}

}  // namespace quire
