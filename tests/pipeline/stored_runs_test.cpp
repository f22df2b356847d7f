// Runs that an older Quire wrote still predict what they predicted then: tests/golden/runs, a folder for each
// number of the format. A format that changes gets a new number and a folder beside the old ones.
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/matrix.h"
#include "quire/pipeline/predictor.h"
#include "support.h"

namespace quire::test {
namespace {

namespace fs = std::filesystem;

struct Stored {
  const char* run;
  const char* member;
};

class StoredRun : public testing::TestWithParam<Stored> {};

TEST_P(StoredRun, PredictsWhatItDidWhenItWasWritten) {
  const fs::path folder = fixture("golden/runs/1");
  const fs::path run = folder / GetParam().run;
  Predictor::Options options;
  options.member = GetParam().member;
  const TemporaryDirectory directory;
  PredictOptions predict;
  predict.output = directory / "out.tsv";
  predict.probabilities = directory / "p.npy";
  try {
    const Predictor predictor(run, options, {});
    EXPECT_EQ(predict_table(predictor, folder / "test.tsv", predict, {}), 9);
  } catch (const InputError&) {
    throw;
  } catch (const Error& error) {
    if (options.member != "lightgbm") throw;
    QUIRE_SKIP("LightGBM", error.what());
  }
  const Matrix found = read_npy(directory / "p.npy");
  const Matrix expected = read_npy(run / "members" / GetParam().member / "test.npy");
  ASSERT_EQ(found.values.size(), expected.values.size());
  for (std::size_t i = 0; i < found.values.size(); ++i)
    EXPECT_NEAR(found.values[i], expected.values[i], 1e-5F);
}

INSTANTIATE_TEST_SUITE_P(Formats, StoredRun,
                         testing::Values(Stored{"ensemble", "words"}, Stored{"ensemble", "fasttext"},
                                         Stored{"ensemble", "lightgbm"}, Stored{"encoder", "encoder"},
                                         Stored{"textcnn", "textcnn"}),
                         [](const auto& stored) { return std::string(stored.param.member); });

// The combination of members is a file of its own.
TEST(StoredRuns, PredictsByTheMethodItChose) {
  const fs::path folder = fixture("golden/runs/1");
  const TemporaryDirectory directory;
  PredictOptions predict;
  predict.output = directory / "out.tsv";
  predict.probabilities = directory / "p.npy";
  Predictor::Options options;
  options.method = "best-member";  // opens no other
  const Predictor predictor(folder / "ensemble", options, {});
  predict_table(predictor, folder / "test.tsv", predict, {});
  const Matrix found = read_npy(directory / "p.npy");
  const Matrix expected = read_npy(folder / "ensemble/ensemble/best-member/test.npy");
  ASSERT_EQ(found.values.size(), expected.values.size());
  for (std::size_t i = 0; i < found.values.size(); ++i)
    EXPECT_NEAR(found.values[i], expected.values[i], 1e-5F);
}

TEST(StoredRuns, OfANewerFormatIsRefusedByItsNumber) {
  const TemporaryDirectory directory;
  fs::copy(fixture("golden/runs/1/textcnn"), directory / "run", fs::copy_options::recursive);
  const fs::path record = directory / "run/members/textcnn/fold-0/stage.json";
  std::string text = read_file(record);
  text.replace(text.find("\"format\": 1"), 11, "\"format\": 2");
  write_file_atomically(record, text);
  EXPECT_ERROR(Predictor(directory / "run", {}, {}), InputError, "format 2");
  std::string recipe = read_file(directory / "run/recipe.toml");
  recipe.replace(recipe.find("format = 1"), 10, "format = 2");
  write_file_atomically(directory / "run/recipe.toml", recipe);
  EXPECT_ERROR(Predictor(directory / "run", {}, {}), InputError, "format 2");
}

}  // namespace
}  // namespace quire::test
