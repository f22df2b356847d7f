#include "quire/ensemble/label_issues.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ensemble/ensemble_support.h"

namespace quire::test {
namespace {

TEST(LabelIssues, AreThoseOfCleanlab) {
  for (const auto& one : ensemble_golden("label_issues.json").at("cases")) {
    SCOPED_TRACE(one.at("name"));
    const Matrix probabilities = matrix_from(one.at("probabilities"));
    const auto labels = one.at("labels").get<std::vector<int>>();
    std::vector<std::int64_t> joint;
    for (const auto& row : one.at("confident_joint"))
      for (const auto& count : row) joint.push_back(count);
    EXPECT_EQ(confident_joint(probabilities, labels), joint);

    const auto issues = find_label_issues(probabilities, labels);
    std::vector<std::int64_t> rows;
    for (const LabelIssue& issue : issues) {
      rows.push_back(issue.row);
      const auto row = static_cast<std::size_t>(issue.row);
      EXPECT_EQ(issue.given, labels[row]);
      EXPECT_NE(issue.likely, issue.given);
      EXPECT_NEAR(issue.given_probability, one.at("self_confidence")[row].get<double>(), 1e-12);
      EXPECT_NEAR(issue.margin_quality, one.at("normalized_margin")[row].get<double>(), 1e-12);
    }
    EXPECT_TRUE(std::ranges::is_sorted(issues, {}, &LabelIssue::given_probability));
    std::ranges::sort(rows);
    EXPECT_EQ(rows, one.at("issues").get<std::vector<std::int64_t>>());
  }
}

TEST(LabelIssues, LeaveOutRowsThatAreMissing) {
  const auto one = ensemble_golden("label_issues.json").at("cases")[0];
  const Matrix probabilities = matrix_from(one.at("probabilities"));
  const auto labels = one.at("labels").get<std::vector<int>>();
  // The same rows with missing ones between.
  Matrix wider(2 * probabilities.rows, probabilities.cols);
  std::vector<int> wider_labels(2 * labels.size());
  for (std::int64_t i = 0; i < probabilities.rows; ++i) {
    std::ranges::copy(probabilities.row(i), wider.row(2 * i).begin());
    wider_labels[static_cast<std::size_t>(2 * i)] = labels[static_cast<std::size_t>(i)];
    make_missing(wider, 2 * i + 1);
  }
  const auto issues = find_label_issues(probabilities, labels);
  const auto wider_issues = find_label_issues(wider, wider_labels);
  ASSERT_EQ(issues.size(), wider_issues.size());
  for (std::size_t i = 0; i < issues.size(); ++i) EXPECT_EQ(2 * issues[i].row, wider_issues[i].row);
}

TEST(LabelIssues, FindAPlantedError) {
  Problem made = problem(300, 3, {4.0F});
  const int truth = made.labels[17];
  made.labels[17] = (truth + 1) % 3;
  for (float& value : made.matrices[0].row(17)) value = 0.01F;
  made.matrices[0].row(17)[static_cast<std::size_t>(truth)] = 0.98F;
  const auto issues = find_label_issues(made.matrices[0], made.labels);
  const auto found = std::ranges::find(issues, 17, &LabelIssue::row);
  ASSERT_NE(found, issues.end());
  EXPECT_EQ(found->likely, truth);
}

}  // namespace
}  // namespace quire::test
