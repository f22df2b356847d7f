#include "members/shared/class_weights.h"

#include <numeric>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "support.h"

namespace quire::test {
namespace {

// Classes a (6 rows), b (3), c (1); the last two rows are not trained on.
class ClassWeights : public ::testing::Test {
 protected:
  ClassWeights() { std::iota(rows_.begin(), rows_.end(), std::int64_t{0}); }
  [[nodiscard]] std::vector<float> weights(const std::string& spec) const {
    return class_weights(spec, labels_, rows_, classes_);
  }
  // The mean over the rows that are trained on.
  [[nodiscard]] double mean(const std::vector<float>& weights) const {
    double sum = 0;
    for (const std::int64_t row : rows_)
      sum += static_cast<double>(weights[static_cast<std::size_t>(labels_[static_cast<std::size_t>(row)])]);
    return sum / static_cast<double>(rows_.size());
  }

  std::vector<int> labels_ = {0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, -1};
  std::vector<std::int64_t> rows_ = std::vector<std::int64_t>(10);
  LabelSet classes_ = LabelSet::from(std::vector<std::string>{"a", "b", "c"});
  TemporaryDirectory directory_;
};

TEST_F(ClassWeights, NoneAreNone) { EXPECT_TRUE(weights("none").empty()); }

TEST_F(ClassWeights, BalancedAreScikitLearns) {
  // n / (classes * rows of the class)
  const std::vector<float> found = weights("balanced");
  EXPECT_FLOAT_EQ(found[0], 10.0F / (3 * 6));
  EXPECT_FLOAT_EQ(found[1], 10.0F / (3 * 3));
  EXPECT_FLOAT_EQ(found[2], 10.0F / (3 * 1));
  EXPECT_NEAR(mean(found), 1, 1e-6);
}

TEST_F(ClassWeights, EffectiveLieBetweenNoneAndBalancedAndAverageOne) {
  const std::vector<float> found = weights("effective");
  EXPECT_LT(found[0], found[1]);
  EXPECT_LT(found[1], found[2]);
  EXPECT_LT(found[2] / found[0], 6.0F);
  EXPECT_NEAR(mean(found), 1, 1e-6);
}

TEST_F(ClassWeights, AFileGivesTheirRatios) {
  write_file_atomically(directory_ / "w.tsv", "b\t2\r\na\t1\nc\t4\n");
  const std::vector<float> found = weights(directory_ / "w.tsv");
  EXPECT_FLOAT_EQ(found[1] / found[0], 2.0F);
  EXPECT_FLOAT_EQ(found[2] / found[0], 4.0F);
  EXPECT_NEAR(mean(found), 1, 1e-6);
}

// As Notepad and Excel save a text.
TEST_F(ClassWeights, AByteOrderMarkIsSkipped) {
  write_file_atomically(directory_ / "w.tsv",
                        "\xEF\xBB\xBF"
                        "a\t1\r\nb\t2\r\nc\t 4 \r\n");
  const std::vector<float> found = weights(directory_ / "w.tsv");
  EXPECT_FLOAT_EQ(found[1] / found[0], 2.0F);
  EXPECT_FLOAT_EQ(found[2] / found[0], 4.0F);
}

TEST_F(ClassWeights, AClassHasOneLine) {
  write_file_atomically(directory_ / "w.tsv", "a\t1\nb\t2\na\t3\nc\t1\n");
  EXPECT_ERROR((void)weights(directory_ / "w.tsv"), InputError,
               "w.tsv:3: the label 'a' has a weight already, in line 1");
}

TEST_F(ClassWeights, AnUnknownLabelIsNamed) {
  write_file_atomically(directory_ / "w.tsv", "a\t1\nB\t2\n");
  EXPECT_ERROR((void)weights(directory_ / "w.tsv"), InputError, "w.tsv:2: no row has the label 'B'");
  write_file_atomically(directory_ / "w.tsv", "a\t1\np\xE9\t2\n");
  EXPECT_ERROR((void)weights(directory_ / "w.tsv"), InputError,
               "w.tsv:2: the label 'p\\xE9' is not valid UTF-8");
  write_file_atomically(directory_ / "w.tsv", "a 1\n");
  EXPECT_ERROR((void)weights(directory_ / "w.tsv"), InputError, "w.tsv:1: 'a 1' is no class with a weight");
  write_file_atomically(directory_ / "w.tsv", "a\t1,5\n");
  EXPECT_ERROR((void)weights(directory_ / "w.tsv"), InputError, "w.tsv:1: '1,5' is no weight");
}

TEST_F(ClassWeights, AFileThatDoesNotFitIsRefusedWithItsLine) {
  write_file_atomically(directory_ / "w.tsv", "a\t1\nd\t2\n");
  EXPECT_ERROR((void)weights(directory_ / "w.tsv"), InputError, "w.tsv:2");
  write_file_atomically(directory_ / "w.tsv", "a\t1\nb\t-2\n");
  EXPECT_ERROR((void)weights(directory_ / "w.tsv"), InputError, "w.tsv:2");
  write_file_atomically(directory_ / "w.tsv", "a\t1\nb\t2\n");
  EXPECT_ERROR((void)weights(directory_ / "w.tsv"), InputError, "'c'");
  EXPECT_ERROR(check_class_weights(directory_ / "none.tsv"), InputError, "none.tsv");
}

}  // namespace
}  // namespace quire::test
