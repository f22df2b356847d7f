#include <set>

#include "quire/base/error.h"
#include "quire/members/encoder_options.h"
#include "quire/members/linear_options.h"
#include "quire/pipeline/run.h"
#include "support.h"

namespace quire::test {
namespace {

RunOptions options_of(std::string_view kind) {
  RunOptions options;
  options.recipe.members.emplace_back(kind);
  return options;
}

EncoderOptions& encoder(RunOptions& options) { return options.recipe.members.front().get<EncoderOptions>(); }

TEST(Options, DefaultsOfEveryKindAreInTheirRanges) {
  for (const std::string_view kind : member_kind_names()) {
    RunOptions options = options_of(kind);
    check_options(options);
    EXPECT_EQ(options.recipe.members.front().name, kind);
  }
}

// On the command line of `train` they stand beside each other.
TEST(Options, FlagsAreUniqueForEveryKind) {
  for (const std::string_view kind : member_kind_names()) {
    RunOptions options = options_of(kind);
    std::set<std::string_view> names = {"member", "name", "output", "resume", "force", "threads", "quiet"};
    for (const auto& table : {data_options(options.recipe.task), fold_options(options.recipe.task),
                              options.recipe.members.front().settings().table()}) {
      for (const Option& option : table)
        EXPECT_TRUE(names.insert(flag_of(option)).second) << kind << " " << flag_of(option);
    }
  }
}

TEST(Options, MembersAreValues) {
  MemberOptions a("encoder");
  MemberOptions b = a;
  b.get<EncoderOptions>().epochs = 7;
  EXPECT_EQ(a.get<EncoderOptions>().epochs, 3);
  a = b;
  EXPECT_EQ(a.get<EncoderOptions>().epochs, 7);
}

TEST(Options, OutOfRangeNamesTheOptionAndTheRange) {
  RunOptions options = options_of("encoder");
  encoder(options).epochs = 0;
  EXPECT_ERROR(check_options(options), InputError, "--epochs is 0");
}

TEST(Options, UnknownChoiceNamesTheNearest) {
  RunOptions options = options_of("encoder");
  encoder(options).head = "standart";
  try {
    check_options(options);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(error.hint().find("did you mean standard?"), std::string::npos) << error.hint();
  }
}

TEST(Options, UnknownKindNamesTheNearest) {
  try {
    (void)MemberOptions("encodr");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(error.hint().find("did you mean encoder?"), std::string::npos) << error.hint();
  }
}

TEST(Options, ContradictionsAreRefused) {
  RunOptions options = options_of("encoder");
  options.resume = options.force = true;
  EXPECT_ERROR(check_options(options), InputError, "--resume");
  RunOptions windows = options_of("encoder");
  encoder(windows).window_stride = 400;
  EXPECT_ERROR(check_options(windows), InputError, "--window-stride 400");
  RunOptions last = options_of("encoder");
  encoder(last).average_best = 2;
  encoder(last).select = "last";
  EXPECT_ERROR(check_options(last), InputError, "--average-best");
  RunOptions patient = options_of("textcnn");
  RunOptions none;
  EXPECT_ERROR(check_options(none), InputError, "no member");
  RunOptions twins = options_of("linear");
  twins.recipe.members.emplace_back("linear");
  EXPECT_ERROR(check_options(twins), InputError, "two members are called 'linear'");
}

TEST(Options, WhoStopsEarlyChoosesByTheBestEpoch) {
  RunOptions options = options_of("encoder");
  check_options(options);
  EXPECT_EQ(encoder(options).select, "last");
  EXPECT_EQ(options.recipe.members.front().settings().choice(), Choice::none);
  options = options_of("encoder");
  encoder(options).patience = 2;
  check_options(options);
  EXPECT_EQ(encoder(options).select, "best");
  EXPECT_EQ(options.recipe.members.front().settings().choice(), Choice::inner);
  encoder(options).select = "best-of-fold";
  EXPECT_EQ(options.recipe.members.front().settings().choice(), Choice::scored);
  options.recipe.task.folds = 1;
  options.recipe.task.valid_fraction = 0;
  EXPECT_ERROR(check_options(options), InputError, "--patience goes by validation rows");
  encoder(options).select = "last";
  EXPECT_ERROR(check_options(options), InputError, "--patience stops");
}

TEST(Options, LinearFeaturesFollowTheModelUnlessGiven) {
  RunOptions options = options_of("linear");
  check_options(options);
  EXPECT_EQ(options.recipe.members.front().get<LinearOptions>().features, "tfidf");
  RunOptions with_model = options_of("linear");
  // Checking may put other members in the place of one that is repeated.
  const auto vectors = [&]() -> LinearOptions& {
    return with_model.recipe.members.front().get<LinearOptions>();
  };
  vectors().model = "there";
  check_options(with_model);
  EXPECT_EQ(vectors().features, "vectors");
  EXPECT_NE(write_recipe(with_model.recipe).find("features = 'vectors'"), std::string::npos);
  vectors().features = "both";
  check_options(with_model);
  EXPECT_EQ(vectors().features, "both");
}

TEST(Options, OfWhatTheLinearMemberDoesNotReadAreRefused) {
  const auto refused = [](auto change, const char* part) {
    RunOptions options = options_of("linear");
    change(options.recipe.members.front().get<LinearOptions>());
    EXPECT_ERROR(check_options(options), InputError, part);
  };
  refused([](LinearOptions& o) { o.max_length = 128; }, "--max-length is about an encoder");
  refused([](LinearOptions& o) { o.precision = "auto"; }, "--precision is about an encoder");
  refused(
      [](LinearOptions& o) {
        o.model = "there";
        o.max_word_ngram = 3;
      },
      "--max-word-ngram is about TF-IDF");
  refused([](LinearOptions& o) { o.features = "vector"; }, "--features is 'vector'");
}

TEST(Options, MembersThatReadAlikeShareACorpus) {
  const auto reading = [](std::string_view kind) { return MemberOptions(kind).settings().reading(); };
  EXPECT_EQ(reading("fasttext"), reading("textcnn"));
  EXPECT_NE(reading("linear"), reading("lightgbm"));
  MemberOptions other("encoder");
  other.get<EncoderOptions>().epochs = 9;
  EXPECT_EQ(other.settings().reading(), reading("encoder"));
  other.get<EncoderOptions>().max_length = 128;
  EXPECT_NE(other.settings().reading(), reading("encoder"));
}

}  // namespace
}  // namespace quire::test
