#include "members/fasttext/fasttext.h"

#include <fasttext/fasttext.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "members/fasttext/fasttext_files.h"
#include "members/fasttext/fasttext_model.h"
#include "members/fasttext/fasttext_search.h"
#include "members/members_support.h"
#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire::test {
namespace {

FasttextOptions small_options() {
  FasttextOptions options;
  options.dim = 10;
  options.epochs = 20;
  return options;
}

std::unique_ptr<FittedMember> fit(const FasttextOptions& options, const Task& task,
                                  const std::filesystem::path& directory, const Context& context = {}) {
  return fit_two_thirds(*make_fasttext(options, context), task, directory, context);
}

class FasttextLoss : public testing::TestWithParam<const char*> {};

TEST_P(FasttextLoss, LearnsAndGivesAProbabilityToEveryClass) {
  const TemporaryDirectory directory;
  const Task task(300);
  FasttextOptions options = small_options();
  options.loss = GetParam();
  options.epochs = 60;
  const auto fitted = fit(options, task, directory.path());
  const Task unseen(90, 2);
  expect_rows_sum_to_one(predict(*fitted, unseen));
  EXPECT_GE(accuracy_on(*fitted, unseen), 0.95);
}

INSTANTIATE_TEST_SUITE_P(AllLosses, FasttextLoss, testing::Values("softmax", "hs", "ns", "ova"),
                         [](const auto& loss) { return std::string(loss.param); });

TEST(Fasttext, GivesWhatTheLibraryGivesForTheSavedModel) {
  const TemporaryDirectory directory;
  const Task task(150);
  FasttextOptions options = small_options();
  options.epochs = 3;
  options.word_ngrams = 2;
  options.min_char_ngram = 2;
  options.max_char_ngram = 4;
  options.bucket = 1000;
  const auto fitted = fit(options, task, directory.path());
  const auto corpus = fitted->new_corpus();
  corpus->append(task.documents, Context{});
  const Matrix probabilities = fitted->predict(*corpus, all_rows(*corpus), Context{}, "");

  fasttext::FastText reference;
  reference.loadModel((directory / "model.bin").string());
  for (std::int64_t row = 0; row < corpus->size(); ++row) {
    std::istringstream line(std::string(dynamic_cast<const WordDocuments&>(*corpus).text(row)) + "\n");
    std::vector<std::pair<float, std::string>> expected;
    reference.predictLine(line, expected, 3, 0);
    ASSERT_EQ(expected.size(), 3U);
    for (const auto& [probability, label] : expected) {
      // The library reports 1e-5 more than the softmax.
      EXPECT_NEAR(probabilities.row(row)[static_cast<std::size_t>(class_of_label(label))],
                  static_cast<double>(probability) - 1e-5, 1e-6);
    }
  }
}

// The defaults reach .52 to .54 here; always saying the most frequent class reaches .09.
TEST(Fasttext, LearnsRealAbstracts) {
  const std::filesystem::path folder = shared("data/arxiv_cs39");
  if (!std::filesystem::exists(folder)) QUIRE_SKIP("shared data", folder.string());
  const TemporaryDirectory directory;
  const Task train = read_task(folder / "train_sample_2000.tsv.xz");
  const Task test = read_task(folder / "holdout_sample_500.tsv.xz", train.classes);
  const auto member = make_fasttext({}, Context{});
  Split split(*member, train, static_cast<std::int64_t>(train.documents.size()));
  split.input.directory = directory.path();
  const auto fitted = member->fit(split.input, Context{});
  EXPECT_GE(accuracy_on(*fitted, test), 0.48);
}

// tests/golden/make_fasttext_golden.py: trained and predicted by the Python package.
TEST(Fasttext, TrainsAndPredictsAsThePythonPackageDoes) {
  const auto golden = nlohmann::json::parse(read_file(fixture("golden/fasttext/cases.json")));
  const TemporaryDirectory directory;
  std::string lines;
  for (const std::string line : golden.at("lines")) lines += line + "\n";
  write_file_atomically(directory / "train.txt", lines);
  for (const auto& expected : golden.at("cases")) {
    FasttextOptions options;
    options.learning_rate = expected.at("lr");
    options.dim = expected.at("dim");
    options.epochs = expected.at("epoch");
    options.min_count = expected.at("minCount");
    options.loss = expected.at("loss");
    options.word_ngrams = expected.at("wordNgrams");
    options.min_char_ngram = expected.at("minn");
    options.max_char_ngram = expected.at("maxn");
    options.bucket = std::max(1, expected.at("bucket").get<int>());
    SCOPED_TRACE(options.loss + " " + std::to_string(options.word_ngrams));
    const auto model = FasttextModel::train(
        options, {.file = directory / "train.txt", .threads = 1, .stage = "", .deadline = {}}, {.seed = 42});
    ASSERT_TRUE(model);
    ASSERT_EQ(model->classes(), 4);
    std::size_t i = 0;
    for (const std::string text : golden.at("texts")) {
      // As FasttextModel::predict defines a row: without the library's 1e-5, and summing to 1.
      auto row = expected.at("probabilities").at(i++).get<std::vector<double>>();
      if (options.loss != "hs")
        for (double& value : row) value = std::max(0.0, value - 1e-5);
      const double sum = std::accumulate(row.begin(), row.end(), 0.0);
      std::vector<float> found(4);
      model->predict(text, found);
      for (std::size_t k = 0; k < row.size(); ++k) EXPECT_NEAR(found[k], row[k] / sum, 1e-6) << text;
    }
  }
}

TEST(Fasttext, SameSeedSameBytesAndAnotherSeedOthers) {
  const TemporaryDirectory first, second, third;
  const Task task(150);
  (void)fit(small_options(), task, first.path());
  (void)fit(small_options(), task, second.path());
  (void)fit(small_options(), task, third.path(), {.seed = 43});
  const std::string bytes = read_file(first / "model.bin");
  EXPECT_TRUE(bytes == read_file(second / "model.bin"));
  EXPECT_FALSE(bytes == read_file(third / "model.bin"));
}

TEST(Fasttext, AnOpenedModelPredictsTheSame) {
  const TemporaryDirectory directory;
  const Task task(150);
  FasttextOptions options = small_options();
  options.punctuation = "split";
  options.clean = {};
  const auto fitted = fit(options, task, directory.path());
  const auto opened = open_fitted_fasttext(directory.path(), Context{});
  EXPECT_EQ(opened->class_names(), task.classes.names());
  EXPECT_EQ(predict(*opened, task).values, predict(*fitted, task).values);
}

TEST(Fasttext, LeavesTheModelItsLabelsAndNothingElse) {
  const TemporaryDirectory directory;
  (void)fit(small_options(), Task(60), directory.path());
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path()))
    names.push_back(entry.path().filename().string());
  EXPECT_THAT(names, testing::UnorderedElementsAre("model.bin", "labels.txt", "preprocessing.json"));
}

TEST(Fasttext, WordsTheLibraryReservesAreWords) {
  // A document may speak of "__label__2" or "</s>"; neither may change its class or end it.
  WordDocuments documents(std::make_shared<Cleaner>(CleanOptions{}), Punctuation::keep);
  std::vector<Document> texts(2);
  texts[0].text = "before </s> after __label__2 </s>x\v__label__";
  texts[1].pair = "  second\nline\r\n";
  documents.append(texts, Context{});
  EXPECT_EQ(documents.text(0), "before _</s> after ___label__2 </s>x ___label__");
  EXPECT_EQ(documents.text(1), "second line");
}

TEST(Fasttext, PunctuationIsDroppedSplitOrKept) {
  const auto cleaner = std::make_shared<Cleaner>(parse_clean(std::vector<std::string>{"lowercase"}));
  std::vector<Document> texts(1);
  texts[0].text = "A Bag-of-words (naïve), x_1!";
  const auto words = [&](Punctuation punctuation) {
    WordDocuments documents(cleaner, punctuation);
    documents.append(texts, Context{});
    return std::string(documents.text(0));
  };
  EXPECT_EQ(words(Punctuation::drop), "a bag of words naïve x_1");
  EXPECT_EQ(words(Punctuation::split), "a bag - of - words ( naïve ) , x_1 !");
  EXPECT_EQ(words(Punctuation::keep), "a bag-of-words (naïve), x_1!");
}

TEST(Fasttext, AnEmptyTextIsPredicted) {
  const TemporaryDirectory directory;
  FasttextOptions options = small_options();
  options.min_count = 100000;  // no word is left, not even the end of a line
  for (const std::int64_t min_count : {1, 100000}) {
    options.min_count = min_count;
    const auto fitted = fit(options, Task(60), directory.path());
    const auto corpus = fitted->new_corpus();
    corpus->append(std::vector<Document>(1), Context{});
    expect_rows_sum_to_one(fitted->predict(*corpus, all_rows(*corpus), Context{}, ""));
  }
}

TEST(Fasttext, AClassWithoutTrainingRowsIsSaidAndGetsNothing) {
  const TemporaryDirectory directory;
  const Task task(60);
  const auto member = make_fasttext(small_options(), Context{});
  Split split(*member, task, 60);
  const std::vector<std::int64_t> rows = rows_without(task, 1);
  split.input.train = rows;
  split.input.directory = directory.path();
  Listener listener;
  const auto fitted = member->fit(split.input, listener.context());
  EXPECT_TRUE(mentions(listener.warnings, "pure maths"));
  const Matrix probabilities = predict(*fitted, task);
  expect_rows_sum_to_one(probabilities);
  for (std::int64_t i = 0; i < probabilities.rows; ++i) EXPECT_EQ(probabilities.row(i)[1], 0.0F);
}

TEST(Fasttext, StopsInTheMiddleOfATraining) {
  const TemporaryDirectory directory;
  FasttextOptions options = small_options();
  options.epochs = 1000000;  // hours
  Listener listener;
  listener.stops = true;
  EXPECT_THROW((void)fit(options, Task(90), directory.path(), listener.context()), Interrupted);
  EXPECT_TRUE(mentions(listener.stages, "fold 1/1"));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(Fasttext, SearchesWithinItsTimeAndKeepsWhatItTried) {
  const TemporaryDirectory directory;
  FasttextOptions options = small_options();
  options.search_minutes = 0.02;
  Listener listener;
  (void)fit(options, Task(300), directory.path(), listener.context());
  EXPECT_TRUE(mentions(listener.infos, "trials; the best on 20 rows"));
  std::ifstream trials(directory / "search.tsv");
  std::string header, first;
  std::getline(trials, header);
  std::getline(trials, first);
  EXPECT_EQ(header,
            "accuracy\tseconds\tlearning_rate\tepochs\tdim\tword_ngrams\tmin_char_ngram\tmax_char_ngram");
  EXPECT_THAT(first, testing::HasSubstr("\t1\t20\t10\t1\t0\t0"));
}

// So many trials, however fast the machine is.
TEST(Fasttext, ASearchFindsBetterOptions) {
  const TemporaryDirectory directory;
  FasttextOptions options = small_options();
  options.learning_rate = 1e-6;  // learns nothing, so that nearly any other is better
  options.search_minutes = 60;
  const Task task(300);
  const auto member = make_fasttext(options, {});
  const Split split(*member, task, 200);
  const FasttextSearch search{.documents = dynamic_cast<const WordDocuments*>(split.corpus.get()),
                              .labels = task.labels,
                              .rows = split.input.train,
                              .fold = 0,
                              .directory = directory.path(),
                              .stage = "fold 1/1",
                              .most_trials = 5};
  FasttextOptions found = search_options(options, search, 1, {});
  std::ifstream trials(directory / "search.tsv");
  int lines = 0;
  for (std::string line; std::getline(trials, line);) ++lines;
  EXPECT_EQ(lines, 1 + 5);
  found.search_minutes = 0;
  EXPECT_GE(accuracy_on(*fit(found, task, directory.path()), task), 0.9);
}

TEST(Fasttext, StartsFromPretrainedVectors) {
  const TemporaryDirectory directory;
  write_file_atomically(directory / "words.vec", "2 4\nstars 1 2 3 4\ncells -1 0.5 0 2\n");
  FasttextOptions options = small_options();
  options.pretrained_vectors = (directory / "words.vec").string();
  options.epochs = 1;
  options.learning_rate = 1e-9;
  const std::filesystem::path model = directory / "model";
  std::filesystem::create_directory(model);
  (void)fit(options, Task(60), model);
  fasttext::FastText reference;
  reference.loadModel((model / "model.bin").string());
  fasttext::Vector vector(4);
  reference.getWordVector(vector, "cells");
  EXPECT_THAT(std::vector<float>(vector.data(), vector.data() + 4),
              testing::Pointwise(testing::FloatNear(1e-4F), {-1.0F, 0.5F, 0.0F, 2.0F}));
}

TEST(Fasttext, MalformedVectorsAreRefusedBeforeAnyWork) {
  const TemporaryDirectory directory;
  FasttextOptions options = small_options();
  options.pretrained_vectors = (directory / "none.vec").string();
  EXPECT_ERROR((void)make_fasttext(options, Context{}), InputError, "none.vec");
  options.pretrained_vectors = (directory / "words.vec").string();
  write_file_atomically(options.pretrained_vectors, "stars 1 2 3 4\ncells -1 0.5 0 2\n");
  EXPECT_ERROR((void)make_fasttext(options, Context{}), InputError, "words.vec:1: 'stars 1 2 3 4' is not");
  write_file_atomically(options.pretrained_vectors, "2 4\ncells -1 0.5 0\n");
  EXPECT_ERROR((void)make_fasttext(options, Context{}), InputError, "expected a word and 4 numbers, found 4");
}

TEST(Fasttext, BadOptionsAreRefusedBeforeAnyWork) {
  const auto refuses = [](auto change, std::string_view part) {
    FasttextOptions options;
    change(options);
    EXPECT_ERROR((void)make_fasttext(options, Context{}), InputError, part);
  };
  refuses([](auto& o) { o.loss = "hinge"; }, "'hinge'");
  refuses([](auto& o) { o.learning_rate = -1; }, "learning rate is -1");
  refuses([](auto& o) { o.learning_rate = std::nan(""); }, "learning rate is nan");
  refuses([](auto& o) { o.dim = 0; }, "dim is 0");
  refuses([](auto& o) { o.epochs = 0; }, "epochs is 0");
  refuses([](auto& o) { o.bucket = 3'000'000'000; }, "buckets is 3e+09");
  refuses([](auto& o) { o.min_char_ngram = 3; }, "go from 3 to 0");
  refuses([](auto& o) { o.punctuation = "dorp"; }, "'dorp'");
  refuses([](auto& o) { o.clean = {"lowercas"}; }, "'lowercas'");
}

TEST(Fasttext, ADivergingTrainingIsTheLearningRatesFault) {
  const TemporaryDirectory directory;
  FasttextOptions options = small_options();
  options.learning_rate = 100;
  options.loss = "ova";
  options.epochs = 1000;
  EXPECT_ERROR((void)fit(options, Task(90), directory.path()), InputError, "at learning rate 100");
}

TEST(Fasttext, ATruncatedModelIsRefusedAtEveryLength) {
  const TemporaryDirectory directory;
  (void)fit(small_options(), Task(30), directory.path());
  const std::string bytes = read_file(directory / "model.bin");
  const std::filesystem::path cut = directory / "cut.bin";
  for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 8) {
    std::ofstream(cut, std::ios::binary) << bytes.substr(0, length);
    EXPECT_THROW(FasttextModel{cut}, InputError) << length;
  }
  std::ofstream(cut, std::ios::binary) << bytes << 'x';
  EXPECT_THROW(FasttextModel{cut}, InputError);
  std::ofstream(cut, std::ios::binary) << bytes;
  EXPECT_NO_THROW(FasttextModel{cut});
}

TEST(Fasttext, FilesOfDifferentModelsAreRefused) {
  const TemporaryDirectory directory;
  (void)fit(small_options(), Task(30), directory.path());
  LabelSet({"one", "two"}).write(directory / "labels.txt");
  EXPECT_ERROR((void)open_fitted_fasttext(directory.path(), Context{}), InputError, "knows 3 classes");
  write_file_atomically(directory / "preprocessing.json", "{}");
  LabelSet({"one", "two", "three"}).write(directory / "labels.txt");
  EXPECT_ERROR((void)open_fitted_fasttext(directory.path(), Context{}), InputError, "preprocessing.json");
}

TEST(Fasttext, SeveralThreadsLearnToo) {
  const TemporaryDirectory directory;
  FasttextOptions options = small_options();
  options.threads = 0;
  options.epochs = 60;
  Listener listener;
  Context context = listener.context();
  context.threads = 2;
  const Task task(300);
  make_fasttext(options, context)->describe(task.classes, context);
  EXPECT_TRUE(mentions(listener.warnings, "2 threads is not reproducible"));
  const auto fitted = fit(options, task, directory.path(), context);
  EXPECT_GE(accuracy_on(*fitted, task), 0.9);
}

}  // namespace
}  // namespace quire::test
