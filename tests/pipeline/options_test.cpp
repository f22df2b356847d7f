#include "quire/pipeline/options.h"

#include <set>

#include "quire/base/error.h"
#include "support.h"

namespace quire::test {
namespace {

TEST(Options, DefaultsAreInTheirRanges) {
  TrainOptions options;
  check_options(options);
  EXPECT_EQ(options.name, "encoder");
}

TEST(Options, NamesAreUniqueForEveryMember) {
  for (const std::string_view member : member_kinds()) {
    TrainOptions options;
    options.member = member;
    std::set<std::string_view> names;
    for (const Option& option : option_table(options))
      EXPECT_TRUE(names.insert(option.name).second) << member << " " << option.name;
  }
}

TEST(Options, OutOfRangeNamesTheOptionAndTheRange) {
  TrainOptions options;
  options.encoder.epochs = 0;
  EXPECT_ERROR(check_options(options), InputError, "--epochs is 0");
}

TEST(Options, UnknownChoiceNamesTheNearest) {
  TrainOptions options;
  options.encoder.head = "standart";
  try {
    check_options(options);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(error.hint().find("did you mean standard?"), std::string::npos) << error.hint();
  }
}

TEST(Options, ContradictionsAreRefused) {
  TrainOptions options;
  options.resume = options.force = true;
  EXPECT_ERROR(check_options(options), InputError, "--resume");
  TrainOptions windows;
  windows.encoder.window_stride = 400;
  EXPECT_ERROR(check_options(windows), InputError, "--window-stride 400");
  TrainOptions last;
  last.encoder.average_best = 2;
  last.encoder.select = "last";
  EXPECT_ERROR(check_options(last), InputError, "--average-best");
  TrainOptions whole;
  whole.folds = 1;
  whole.valid_fraction = 0;
  EXPECT_NO_THROW(check_options(whole));
  whole.encoder.patience = 2;
  EXPECT_ERROR(check_options(whole), InputError, "--patience goes by validation rows");
  whole.encoder.patience = 0;
  whole.encoder.average_best = 2;
  EXPECT_ERROR(check_options(whole), InputError, "--average-best goes by validation rows");
  whole.valid = "valid.tsv";
  EXPECT_NO_THROW(check_options(whole));
}

TEST(Options, LinearFeaturesFollowTheModelUnlessGiven) {
  TrainOptions options;
  options.member = "linear";
  check_options(options);
  EXPECT_EQ(options.linear.features, "tfidf");
  TrainOptions with_model;
  with_model.member = "linear";
  with_model.linear.model = "there";
  check_options(with_model);
  EXPECT_EQ(with_model.linear.features, "vectors");
  EXPECT_NE(write_recipe(with_model).find("features = 'vectors'"), std::string::npos)
      << write_recipe(with_model);
  with_model.linear.features = "both";
  check_options(with_model);
  EXPECT_EQ(with_model.linear.features, "both");
}

TEST(Options, OfWhatTheLinearMemberDoesNotReadAreRefused) {
  const auto refused = [](auto change, const char* part) {
    TrainOptions options;
    options.member = "linear";
    change(options.linear);
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

}  // namespace
}  // namespace quire::test
