// Real files, where they lie beside a checkout.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "quire/table/documents.h"
#include "quire/table/folds.h"
#include "quire/table/labels.h"
#include "quire/table/writer.h"
#include "table_support.h"

namespace quire {
namespace {

std::vector<Document> documents_of(const std::filesystem::path& path, LabelColumn label,
                                   test::Recorder& recorder) {
  DocumentReader reader(path, {}, label, {}, DuplicateIds::error, recorder.context());
  std::vector<Document> documents;
  for (Document document; reader.next(document);) documents.push_back(document);
  reader.finish();
  return documents;
}

struct RealFile {
  const char* path;
  std::size_t rows;
  bool pairs;
  std::size_t classes;  // 0: without labels
};

class RealData : public testing::TestWithParam<RealFile> {};

TEST_P(RealData, IsReadWhole) {
  const RealFile& file = GetParam();
  const auto path = test::shared(std::string("data/") + file.path);
  if (!std::filesystem::exists(path)) QUIRE_SKIP("shared data", path.string());
  test::Recorder recorder;
  const auto documents =
      documents_of(path, file.classes > 0 ? LabelColumn::required : LabelColumn::optional, recorder);
  EXPECT_EQ(documents.size(), file.rows);
  EXPECT_TRUE(recorder.warnings.empty()) << recorder.warnings.front();
  std::vector<std::string> labels;
  for (const Document& document : documents) {
    ASSERT_FALSE(document.id.empty());
    ASSERT_FALSE(document.text.empty());
    ASSERT_EQ(document.pair.has_value(), file.pairs);
    ASSERT_EQ(document.text.find('\t'), std::string::npos);
    if (file.classes > 0) labels.push_back(document.label);
  }
  EXPECT_EQ(LabelSet::from(labels).size(), file.classes);
  if (file.classes == 0) return;
  const LabelSet names = LabelSet::from(labels);
  std::vector<int> indices(labels.size());
  std::ranges::transform(labels, indices.begin(),
                         [&](const std::string& label) { return names.find(label).value(); });
  const std::vector<int> folds = assign_folds(indices, {}, 5, 42);
  std::map<std::pair<int, int>, std::int64_t> counts;  // (class, fold)
  for (std::size_t row = 0; row < folds.size(); ++row) ++counts[{indices[row], folds[row]}];
  for (int label = 0; label < static_cast<int>(names.size()); ++label) {
    for (int fold = 1; fold < 5; ++fold) {
      EXPECT_LE(std::abs(counts[{label, fold}] - counts[{label, 0}]), 1) << names.name(label);
    }
  }
}

TEST_P(RealData, SurvivesACopy) {
  const auto path = test::shared(std::string("data/") + GetParam().path);
  if (!std::filesystem::exists(path)) QUIRE_SKIP("shared data", path.string());
  const test::TemporaryDirectory directory;
  const test::Table table = test::read_table(path);
  TableWriter writer(directory / "copy.csv", table.header);
  for (const auto& row : table.rows) writer.write(row);
  writer.commit();
  EXPECT_TRUE(test::read_table(directory / "copy.csv").rows == table.rows);
}

INSTANTIATE_TEST_SUITE_P(Files, RealData,
                         testing::Values(RealFile{"arxiv_cs39/train_45000.tsv.xz", 45000, true, 39},
                                         RealFile{"arxiv_cs39/holdout_5000.tsv.xz", 5000, true, 39},
                                         RealFile{"arxiv_cs39/test_10000_unlabelled.tsv.xz", 10000, true, 0},
                                         RealFile{"R8/train.tsv.xz", 5485, false, 8},
                                         RealFile{"R8/test.tsv.xz", 2189, false, 8}),
                         [](const auto& file) { return test::test_name(file.param.path); });

}  // namespace
}  // namespace quire
