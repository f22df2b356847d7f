// LightGBM as a kind of learner: its options.
#include "members/lightgbm/lightgbm_kind.h"

#include "members/lightgbm/lightgbm.h"
#include "members/shared/kind_checks.h"
#include "members/shared/option_groups.h"

namespace quire {
namespace {

std::vector<Option> tree_options(LightgbmOptions& o) {
  return {
      {.name = "rounds",
       .help = "most boosting rounds; a round is one tree for each class",
       .value = &o.rounds,
       .least = 1,
       .most = kMany},
      {.name = "early-stopping-rounds",
       .help = "stop after N rounds without a lower validation loss; 0: never",
       .value = &o.early_stopping_rounds,
       .least = 0,
       .most = kMany},
      {.name = "select",
       .help = "which rows early stopping goes by: best (held out of the fold's own training rows) or "
               "best-of-fold (those that the fold is scored on, which flatters the score)",
       .value = &o.select,
       .choices = {"best", "best-of-fold"}},
      {.name = "num-leaves", .help = "leaves of a tree", .value = &o.num_leaves, .least = 2, .most = 131072},
      {.name = "learning-rate",
       .help = "shrinkage of each tree",
       .value = &o.learning_rate,
       .least = 1e-9,
       .most = 10},
      {.name = "min-data-in-leaf",
       .help = "rows a leaf holds at least",
       .value = &o.min_data_in_leaf,
       .least = 0,
       .most = kMany},
      {.name = "feature-fraction",
       .help = "share of the features a tree may use",
       .value = &o.feature_fraction,
       .least = 1e-9,
       .most = 1},
      {.name = "bagging-fraction",
       .help = "share of the rows trees see",
       .value = &o.bagging_fraction,
       .least = 1e-9,
       .most = 1},
      {.name = "bagging-freq",
       .help = "draw these rows anew every N rounds; 0: all rows",
       .value = &o.bagging_freq,
       .least = 0,
       .most = kMany},
      {.name = "max-bin",
       .help = "bins of the values of a feature",
       .value = &o.max_bin,
       .least = 2,
       .most = 65535},
      class_weights_option(o),
      {.name = "parameters",
       .help = "NAME=VALUE of any other parameter of LightGBM, comma-separated",
       .value = &o.parameters},
  };
}

std::vector<Option> all_options(LightgbmOptions& o) {
  std::vector<Option> table = tfidf_options(o);
  const std::vector<Option> trees = tree_options(o);
  table.insert(table.end(), trees.begin(), trees.end());
  return table;
}

class LightgbmSettings : public SettingsOf<LightgbmSettings, LightgbmOptions> {
 public:
  [[nodiscard]] std::vector<Option> table() override { return all_options(options); }
  [[nodiscard]] std::unique_ptr<Member> make(const Context& context) const override {
    return make_lightgbm(options, context);
  }
  [[nodiscard]] std::string reading() const override {
    LightgbmOptions copy = options;
    return "terms\n" + values_of(tfidf_options(copy), {"clean", "min-word-ngram", "max-word-ngram",
                                                       "min-char-ngram", "max-char-ngram"});
  }
  [[nodiscard]] Choice choice() const override {
    if (options.early_stopping_rounds == 0) return Choice::none;
    return options.select == "best-of-fold" ? Choice::scored : Choice::inner;
  }
};

class LightgbmKind : public MemberKind {
 public:
  [[nodiscard]] std::string_view name() const override { return "lightgbm"; }
  [[nodiscard]] std::string_view summary() const override { return "boosted trees on TF-IDF, by LightGBM"; }
  [[nodiscard]] std::unique_ptr<MemberSettings> defaults() const override {
    return std::make_unique<LightgbmSettings>();
  }
  [[nodiscard]] std::unique_ptr<FittedMember> open(const std::filesystem::path& directory,
                                                   const OpenOptions& open,
                                                   const Context& context) const override {
    check_reads_whole_documents(open, directory, name());
    return open_fitted_lightgbm(directory, context);
  }
};

}  // namespace

const MemberKind& lightgbm_kind() {
  static const LightgbmKind kind;
  return kind;
}

}  // namespace quire
