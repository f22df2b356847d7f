#include "members/linear/linear.h"

#include <gtest/gtest.h>

#include "members/members_support.h"
#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire {
namespace {

using test::Split;
using test::Task;

LinearOptions options_of(const std::string& loss) {
  LinearOptions options;
  options.loss = loss;
  return options;
}

class Linear : public ::testing::TestWithParam<std::string> {
 protected:
  test::TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(Losses, Linear, ::testing::Values("svm", "logistic"),
                         [](const auto& loss) { return loss.param; });

TEST_P(Linear, LearnsAndIsTheSameAfterOpening) {
  const Task task(240);
  const auto member = make_linear(options_of(GetParam()), {});
  Split split(*member, task, 180);
  split.input.directory = directory_.path();
  const auto fitted = member->fit(split.input, {});
  const Matrix predicted = fitted->predict(*split.corpus, split.input.valid, {}, "");
  EXPECT_EQ(test::accuracy(predicted, split.input.valid, task.labels), 1);
  test::expect_rows_sum_to_one(predicted);
  EXPECT_EQ(fitted->class_names(), task.classes.names());

  const auto opened = open_fitted_linear(directory_.path(), {}, {});
  EXPECT_EQ(opened->class_names(), task.classes.names());
  const auto corpus = opened->new_corpus();
  corpus->append(std::span(task.documents).subspan(180), {});
  EXPECT_EQ(opened->predict(*corpus, test::all_rows(*corpus), {}, "").values, predicted.values);
}

TEST_P(Linear, IsTheSameForAnyNumberOfThreads) {
  const Task task(150);
  const auto member = make_linear(options_of(GetParam()), {});
  const test::TemporaryDirectory other;
  Split split(*member, task, 150);
  split.input.directory = directory_.path();
  (void)member->fit(split.input, {});
  split.input.directory = other.path();
  Context three;
  three.threads = 3;
  (void)member->fit(split.input, three);
  for (const char* name : {"linear.json", "model.safetensors", "tfidf.txt"}) {
    EXPECT_EQ(read_file(directory_ / name), read_file(other / name)) << name;
  }
}

// Changing a row that only validates changes nothing that is saved.
TEST_P(Linear, SeesNothingOfTheValidationRows) {
  Task task(150);
  const auto member = make_linear(options_of(GetParam()), {});
  const test::TemporaryDirectory other;
  {
    Split split(*member, task, 120);
    split.input.directory = directory_.path();
    (void)member->fit(split.input, {});
  }
  for (std::size_t row = 120; row < 150; ++row) {
    task.documents[row].pair = "entirely different words, lemma lemma lemma";
    task.labels[row] = 0;
  }
  Split split(*member, task, 120);
  split.input.directory = other.path();
  (void)member->fit(split.input, {});
  for (const char* name : {"linear.json", "model.safetensors", "tfidf.txt"}) {
    EXPECT_EQ(read_file(directory_ / name), read_file(other / name)) << name;
  }
}

TEST_P(Linear, ShuffledLabelsGiveChance) {
  Task task(600);
  Random random(5, Purpose::test);
  random.shuffle(std::span(task.labels));
  LinearOptions options = options_of(GetParam());
  options.c = 1;
  const auto member = make_linear(options, {});
  Split split(*member, task, 300);
  split.input.directory = directory_.path();
  const auto fitted = member->fit(split.input, {});
  const Matrix predicted = fitted->predict(*split.corpus, split.input.valid, {}, "");
  EXPECT_NEAR(test::accuracy(predicted, split.input.valid, task.labels), 1.0 / 3, 0.1);
}

TEST_P(Linear, SaysThatAClassHasNoRowAndNeverPredictsIt) {
  const Task task(90);
  const auto member = make_linear(options_of(GetParam()), {});
  Split split(*member, task, 90);
  const std::vector<std::int64_t> train = test::rows_without(task, 1);
  split.input.train = train;
  split.input.directory = directory_.path();
  test::Listener listener;
  const auto fitted = member->fit(split.input, listener.context());
  EXPECT_TRUE(test::mentions(listener.warnings, "never predicted: 'pure maths'"));
  const Matrix predicted = fitted->predict(*split.corpus, split.rows, {}, "");
  for (std::int64_t row = 0; row < predicted.rows; ++row) {
    EXPECT_LT(predicted.row(row)[1], std::max(predicted.row(row)[0], predicted.row(row)[2]));
  }
}

TEST_P(Linear, LearnsFromAHandfulOfRows) {
  const Task task(9);
  const auto member = make_linear(options_of(GetParam()), {});
  Split split(*member, task, 9);
  split.input.directory = directory_.path();
  test::Listener listener;
  const auto fitted = member->fit(split.input, listener.context());
  EXPECT_TRUE(test::mentions(listener.warnings, "fold 1/1 has only 9 rows"));
  test::expect_rows_sum_to_one(fitted->predict(*split.corpus, split.rows, {}, ""));
}

TEST_P(Linear, TakesNgramsOfCharactersToo) {
  const Task task(90);
  LinearOptions options = options_of(GetParam());
  options.max_char_ngram = 4;
  const auto member = make_linear(options, {});
  Split split(*member, task, 60);
  split.input.directory = directory_.path();
  const auto fitted = member->fit(split.input, {});
  EXPECT_TRUE(std::filesystem::exists(directory_ / "tfidf-1.txt"));
  const Matrix predicted = fitted->predict(*split.corpus, split.input.valid, {}, "");
  EXPECT_GT(test::accuracy(predicted, split.input.valid, task.labels), 0.9);
  const auto opened = open_fitted_linear(directory_.path(), {}, {});
  const auto corpus = opened->new_corpus();
  corpus->append(std::span(task.documents).subspan(60), {});
  EXPECT_EQ(opened->predict(*corpus, test::all_rows(*corpus), {}, "").values, predicted.values);
}

TEST_P(Linear, StopsWhenAsked) {
  const Task task(60);
  const auto member = make_linear(options_of(GetParam()), {});
  Split split(*member, task, 60);
  split.input.directory = directory_.path();
  const StopSignal stop{15};
  Context context;
  context.stop = &stop;
  EXPECT_THROW((void)member->fit(split.input, context), Interrupted);
}

TEST(LinearOptions, AreCheckedBeforeAnyWork) {
  const auto refused = [](auto change, const char* part) {
    LinearOptions options;
    change(options);
    EXPECT_ERROR((void)make_linear(options, {}), InputError, part);
  };
  refused([](LinearOptions& o) { o.loss = "hinge"; }, "'hinge'");
  refused([](LinearOptions& o) { o.c = 0; }, "C is 0");
  refused([](LinearOptions& o) { o.features = "words"; }, "'words'");
  refused([](LinearOptions& o) { o.features = "both"; }, "--features both needs an encoder");
  refused(
      [](LinearOptions& o) {
        o.model = "there";
        o.features = "tfidf";
      },
      "reads no encoder");
  refused([](LinearOptions& o) { o.min_df = -1; }, "min_df is -1");
  refused([](LinearOptions& o) { o.max_features = -5; }, "max_features is -5");
  refused([](LinearOptions& o) { o.clean = {"lower"}; }, "'lower'");
  refused([](LinearOptions& o) { o.max_word_ngram = 0; }, "no terms");
  refused([](LinearOptions& o) { o.min_word_ngram = 3; }, "n-grams of 3 to 2");
}

TEST(LinearDirectory, IsRefusedWhenItIsNone) {
  const test::TemporaryDirectory directory;
  EXPECT_ERROR((void)open_fitted_linear(directory.path(), {}, {}), InputError, "holds no linear model");
}

TEST(LinearDirectory, IsRefusedWhenItsFilesDoNotBelongTogether) {
  const test::TemporaryDirectory directory;
  const Task task(60);
  const auto member = make_linear({}, {});
  Split split(*member, task, 60);
  split.input.directory = directory.path();
  (void)member->fit(split.input, {});
  write_file_atomically(directory / "tfidf.txt", read_file(directory / "tfidf.txt") + "1.5 \"another\"\n");
  EXPECT_ERROR((void)open_fitted_linear(directory.path(), {}, {}), InputError, "'weight'");
}

}  // namespace
}  // namespace quire
