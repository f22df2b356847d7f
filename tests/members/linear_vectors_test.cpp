// The linear member on vectors of a frozen encoder, against transformers and scikit-learn:
// tests/golden/make_linear_vectors_golden.py.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "members/linear/encoder_copy.h"
#include "members/linear/linear.h"
#include "members/linear/vector_documents.h"
#include "members/members_support.h"
#include "members/shared/term_documents.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/hub/safetensors.h"

namespace quire::test {
namespace {

std::string tiny_model(const std::string& family = "bert") {
  return fixture("golden/encoder/" + family + "/model").string();
}

const nlohmann::json& golden() {
  static const auto json = nlohmann::json::parse(read_file(fixture("golden/linear_vectors/cases.json")));
  return json;
}

Task golden_task() {
  Task task(0);
  for (const auto& row : golden().at("documents")) {
    Document document;
    document.text = row.at(0).get<std::string>();
    if (!row.at(1).is_null()) document.pair = row.at(1).get<std::string>();
    task.documents.push_back(std::move(document));
    task.labels.push_back(row.at(2));
  }
  return task;
}

const nlohmann::json& golden_case(const std::string& family) {
  for (const auto& one : golden().at("cases"))
    if (one.at("family") == family) return one;
  throw std::runtime_error("no case " + family);
}

LinearOptions golden_options(const std::string& family, const std::string& loss) {
  LinearOptions options;
  options.model = tiny_model(family);
  options.max_length = golden().at("max_length");
  options.loss = loss;
  options.c = golden_case(family).at(loss).at("C").get<double>();
  return options;
}

LinearOptions small_options() {
  LinearOptions options;
  options.model = tiny_model();
  options.max_length = 32;
  options.loss = "logistic";
  return options;
}

Matrix vectors_of(const VectorOptions& options, std::span<const Document> documents) {
  VectorDocuments corpus(std::make_shared<const FrozenEncoder>(options));
  corpus.append(documents, {});
  return corpus.vectors(all_rows(corpus), {});
}

class LinearVectors : public testing::TestWithParam<const char*> {
 protected:
  TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(Families, LinearVectors, testing::Values("bert", "roberta", "electra"),
                         [](const auto& family) { return std::string(family.param); });

TEST_P(LinearVectors, AreThoseOfTransformers) {
  const SafetensorsFile file(fixture("golden/linear_vectors/vectors.safetensors"));
  const std::vector<float> expected = to_float32(*file.find(GetParam()));
  const Matrix found = vectors_of({.model = tiny_model(GetParam()), .max_length = golden().at("max_length")},
                                  golden_task().documents);
  ASSERT_EQ(found.values.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(found.values[i], expected[i], 1e-5) << i;
}

TEST_P(LinearVectors, DoNotDependOnTheOtherDocuments) {
  const Task task = golden_task();
  const VectorOptions options{.model = tiny_model(GetParam()), .max_length = 40};
  const Matrix together = vectors_of(options, task.documents);
  for (const std::int64_t row : {0, 7, 59}) {
    const Matrix alone =
        vectors_of(options, std::span(task.documents).subspan(static_cast<std::size_t>(row), 1));
    for (std::int64_t j = 0; j < alone.cols; ++j) {
      EXPECT_NEAR(alone.values[static_cast<std::size_t>(j)], together.row(row)[static_cast<std::size_t>(j)],
                  1e-6);
    }
  }
}

TEST_P(LinearVectors, LogisticRegressionIsThatOfScikitLearn) {
  const Task task = golden_task();
  const auto member = make_linear(golden_options(GetParam(), "logistic"), {});
  Split split(*member, task, golden().at("train"));
  split.input.directory = directory_.path();
  const Matrix found = member->fit(split.input, {})->predict(*split.corpus, split.input.valid, {}, "");
  const auto expected =
      golden_case(GetParam()).at("logistic").at("probabilities").get<std::vector<std::vector<double>>>();
  ASSERT_EQ(found.rows, static_cast<std::int64_t>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(found.row(static_cast<std::int64_t>(i))[k], expected[i][k], 1e-4) << "row " << i;
    }
  }
}

// A softmax at the member's temperature takes away what all scores of a row have in common.
TEST_P(LinearVectors, SvmIsThatOfScikitLearn) {
  const Task task = golden_task();
  const auto member = make_linear(golden_options(GetParam(), "svm"), {});
  Split split(*member, task, golden().at("train"));
  split.input.directory = directory_.path();
  const Matrix found = member->fit(split.input, {})->predict(*split.corpus, split.input.valid, {}, "");
  const double temperature = nlohmann::json::parse(read_file(directory_ / "linear.json")).at("temperature");
  const auto expected =
      golden_case(GetParam()).at("svm").at("scores").get<std::vector<std::vector<double>>>();
  ASSERT_EQ(found.rows, static_cast<std::int64_t>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto row = found.row(static_cast<std::int64_t>(i));
    for (std::size_t k = 1; k < 3; ++k) {
      const double apart =
          temperature * (std::log(static_cast<double>(row[k])) - std::log(static_cast<double>(row[0])));
      EXPECT_NEAR(apart, expected[i][k] - expected[i][0], 2e-3) << "row " << i;
    }
  }
}

TEST_P(LinearVectors, AreTheSameAfterOpening) {
  const Task task = golden_task();
  for (const char* features : {"vectors", "both"}) {
    const TemporaryDirectory directory;
    LinearOptions options = golden_options(GetParam(), "logistic");
    options.features = features;
    options.min_df = 1;
    const auto fitted = fit_two_thirds(*make_linear(options, {}), task, directory.path());
    const auto opened = open_fitted_linear(directory.path(), {}, {});
    EXPECT_EQ(opened->class_names(), task.classes.names());
    EXPECT_EQ(predict(*opened, task).values, predict(*fitted, task).values) << features;
  }
}

// Changing a row that only validates changes nothing that is saved.
TEST(LinearOnVectors, SeesNothingOfTheValidationRows) {
  Task task = golden_task();
  const TemporaryDirectory one, other;
  for (const TemporaryDirectory* directory : {&one, &other}) {
    (void)fit_two_thirds(*make_linear(small_options(), {}), task, directory->path());
    for (std::size_t row = 40; row < 60; ++row) {
      task.documents[row].text = "night rise squid";
      task.labels[row] = 0;
    }
  }
  for (const char* name : {"linear.json", "model.safetensors"})
    EXPECT_EQ(read_file(one / name), read_file(other / name)) << name;
}

TEST(LinearOnVectors, IsTheSameForAnyNumberOfThreadsOfTheSolver) {
  const Task task = golden_task();
  const auto member = make_linear(small_options(), {});
  Split split(*member, task, 60);
  const TemporaryDirectory one, three;
  Context context;
  for (const auto& [threads, directory] : {std::pair(1, &one), std::pair(3, &three)}) {
    context.threads = threads;
    split.input.directory = directory->path();
    (void)member->fit(split.input, context);
  }
  EXPECT_EQ(read_file(one / "model.safetensors"), read_file(three / "model.safetensors"));
}

TEST(LinearOnVectors, BothPutsTheVectorsBehindTheTerms) {
  const Task task(90);
  const TemporaryDirectory directory;
  LinearOptions options = small_options();
  options.features = "both";
  const auto fitted = fit_two_thirds(*make_linear(options, {}), task, directory.path());
  EXPECT_GT(accuracy_on(*fitted, Task(60, 2)),
            0.9);  // by the terms: the tiny encoder knows none of the words
  const SafetensorsFile weights(directory / "model.safetensors");
  const std::int64_t terms = TermFeatures::load(directory.path()).size();
  EXPECT_GT(terms, 9);
  EXPECT_EQ(weights.find("weight")->shape, (std::vector<std::int64_t>{3, terms + 32}));
}

TEST(LinearOnVectors, ComputesThemOnceForAllFolds) {
  const Task task = golden_task();
  const auto member = make_linear(small_options(), {});
  Split split(*member, task, 40);
  Listener listener;
  for (int fold = 0; fold < 3; ++fold) {
    const TemporaryDirectory directory;
    split.input.fold = fold;
    split.input.folds = 3;
    split.input.directory = directory.path();
    const auto fitted = member->fit(split.input, listener.context());
    (void)fitted->predict(*split.corpus, split.rows, listener.context(), "predicting");
  }
  EXPECT_EQ(
      std::ranges::count_if(listener.infos, [](const auto& text) { return text.starts_with("60 vectors"); }),
      1);
  EXPECT_TRUE(mentions(listener.stages, "computing vectors"));
  EXPECT_TRUE(mentions(listener.infos, "fold 3/3: 32 features"));
}

TEST(LinearOnVectors, StopsWhileTheyAreComputed) {
  const Task task = golden_task();
  const auto member = make_linear(small_options(), {});
  Split split(*member, task, 60);
  const TemporaryDirectory directory;
  split.input.directory = directory.path();
  const StopSignal stop{15};
  Context context;
  context.stop = &stop;
  EXPECT_THROW((void)member->fit(split.input, context), Interrupted);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(LinearOnVectors, LengthCanBeChosenAnewForPredicting) {
  const Task task = golden_task();
  const TemporaryDirectory directory;
  const auto fitted = fit_two_thirds(*make_linear(small_options(), {}), task, directory.path());
  const auto opened = open_fitted_linear(directory.path(), 4, {});
  EXPECT_NE(predict(*opened, task).values, predict(*fitted, task).values);
  const auto too_long = open_fitted_linear(directory.path(), 4000, {});
  EXPECT_ERROR((void)predict(*too_long, task), InputError, "--max-length is 4000");
}

TEST(LinearOnVectors, NeedsItsEncoder) {
  const Task task = golden_task();
  const TemporaryDirectory directory;
  (void)fit_two_thirds(*make_linear(small_options(), {}), task, directory.path());
  std::filesystem::rename(directory / "encoder", directory / "elsewhere");
  EXPECT_ERROR((void)open_fitted_linear(directory.path(), {}, {}), InputError, "lacks its encoder");
  copy_encoder(tiny_model("electra"), directory / "encoder");
  const auto opened = open_fitted_linear(directory.path(), {}, {});
  EXPECT_ERROR((void)predict(*opened, task), InputError,
               "is not the encoder that the model was trained with");
}

TEST(LinearOnVectors, RefusesDocumentsThatAnotherEncoderRead) {
  const Task task = golden_task();
  const TemporaryDirectory directory;
  const auto fitted = fit_two_thirds(*make_linear(small_options(), {}), task, directory.path());
  LinearOptions others = small_options();
  others.model = tiny_model("roberta");
  const auto corpus = make_linear(others, {})->new_corpus();
  corpus->append(task.documents, {});
  EXPECT_ERROR((void)fitted->predict(*corpus, all_rows(*corpus), {}, ""), InputError, "which is not the one");
}

TEST(LinearOnVectors, RefusesOptionsThatDoNotSuitTheEncoder) {
  LinearOptions options = small_options();
  options.max_length = 4000;
  EXPECT_ERROR((void)make_linear(options, {}), InputError, "--max-length is 4000");
  options.model = "/no/such/model";
  EXPECT_ERROR((void)make_linear(options, {}), InputError, "/no/such/model");
}

TEST(EncoderCopy, IsWholeAndRefusesAnother) {
  const TemporaryDirectory directory;
  copy_encoder(tiny_model(), directory / "encoder");
  EXPECT_EQ(encoder_files(directory / "encoder"),
            (std::vector<std::string>{"config.json", "model.safetensors", "tokenizer.json",
                                      "tokenizer_config.json", "vocab.txt"}));
  EXPECT_EQ(encoder_fingerprint(directory / "encoder"), encoder_fingerprint(tiny_model()));
  copy_encoder(tiny_model(), directory / "encoder");  // the same once more
  EXPECT_ERROR(copy_encoder(tiny_model("electra"), directory / "encoder"), InputError, "different encoders");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(EncoderCopy, FingerprintIsOfTheBytesOfEveryFile) {
  const TemporaryDirectory directory;
  copy_encoder(tiny_model(), directory / "encoder");
  const std::string before = encoder_fingerprint(directory / "encoder");
  for (const std::string& name : encoder_files(directory / "encoder")) {
    const std::string bytes = read_file(directory / ("encoder/" + name));
    std::string changed = bytes;
    if (name == "model.safetensors") {
      changed.back() = static_cast<char>(changed.back() ^ 1);
    } else {
      changed += '\n';
    }
    write_file_atomically(directory / ("encoder/" + name), changed);
    EXPECT_NE(encoder_fingerprint(directory / "encoder"), before) << name;
    write_file_atomically(directory / ("encoder/" + name), bytes);
  }
  EXPECT_EQ(encoder_fingerprint(directory / "encoder"), before);
}

}  // namespace
}  // namespace quire::test
