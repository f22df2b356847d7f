#include "quire/ensemble/combination.h"

#include <gtest/gtest.h>

#include "ensemble/ensemble_support.h"
#include "quire/base/error.h"
#include "quire/ensemble/metrics.h"

namespace quire::test {
namespace {

Combination of_rule(Rule rule, std::vector<double> weights, std::int64_t classes) {
  std::vector<std::string> names;
  for (std::size_t m = 0; m < weights.size(); ++m) names.push_back("m" + std::to_string(m));
  Combination combination = plain_mean(classes, names);
  combination.rule = rule;
  combination.weights = std::move(weights);
  return combination;
}

std::vector<float> only_row(const Matrix& matrix) { return matrix.values; }

void expect_near(const std::vector<float>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) EXPECT_NEAR(found[k], expected[k], 1e-6) << k;
}

const std::vector<Matrix>& three_members() {
  static const std::vector<Matrix> members = {matrix_from(1, 3, {0.6F, 0.3F, 0.1F}),
                                              matrix_from(1, 3, {0.5F, 0.4F, 0.1F}),
                                              matrix_from(1, 3, {0.0F, 0.9F, 0.1F})};
  return members;
}

TEST(Combination, MeanByHand) {
  const auto mean = of_rule(Rule::mean, {0.5, 0.25, 0.25}, 3);
  expect_near(only_row(mean.combine(three_members(), {})), {0.425, 0.475, 0.1});
}

TEST(Combination, GeometricMeanByHand) {
  const auto mean = of_rule(Rule::log_mean, {0.5, 0.5, 0}, 3);
  const double a = std::sqrt(0.6 * 0.5);
  const double b = std::sqrt(0.3 * 0.4);
  const double sum = a + b + 0.1;
  expect_near(only_row(mean.combine(three_members(), {})), {a / sum, b / sum, 0.1 / sum});
}

TEST(Combination, VoteGoesToTheMajorityAgainstTheMeanProbability) {
  const auto vote = of_rule(Rule::vote, {1.0 / 3, 1.0 / 3, 1.0 / 3}, 3);
  const Matrix found = vote.combine(three_members(), {});
  EXPECT_EQ(most_probable(found)[0], 0);
  expect_near(only_row(found), {(2 + 1.1 / 3) / 4, (1 + 1.6 / 3) / 4, 0.1 / 4});
}

TEST(Combination, TiedVoteGoesByTheMeanProbability) {
  const auto vote = of_rule(Rule::vote, {0.5, 0.0, 0.5}, 3);
  EXPECT_EQ(most_probable(vote.combine(three_members(), {}))[0], 1);
}

TEST(Combination, StackByHand) {
  Combination stack = of_rule(Rule::stack, {1, 1, 1}, 3);
  stack.scales = {1, 1, 1, 0, 0, 0, 0, 2, 0};
  stack.bias = {0, 0.5, 0};
  const double a = 0.6;
  const double b = 0.3 * 0.81 * std::exp(0.5);
  expect_near(only_row(stack.combine(three_members(), {})),
              {a / (a + b + 0.1), b / (a + b + 0.1), 0.1 / (a + b + 0.1)});
  EXPECT_TRUE(stack.uses(2));
  EXPECT_FALSE(stack.uses(1));
}

TEST(Combination, AZeroOfOneMemberIsNoVeto) {
  const std::vector<Matrix> members = {matrix_from(1, 2, {0.0F, 1.0F}), matrix_from(1, 2, {0.9999F, 0.0001F}),
                                       matrix_from(1, 2, {0.9999F, 0.0001F})};
  const auto mean = of_rule(Rule::log_mean, {1.0 / 3, 1.0 / 3, 1.0 / 3}, 2);
  EXPECT_EQ(most_probable(mean.combine(members, {}))[0], 0);
}

TEST(Combination, MissingMembersAreLeftOutOfARow) {
  auto members = three_members();
  make_missing(members[0], 0);
  for (const Rule rule : {Rule::mean, Rule::log_mean, Rule::vote}) {
    const std::vector<Matrix> rest = {members[1], members[2]};
    const auto all = of_rule(rule, {0.5, 0.25, 0.25}, 3).combine(members, {});
    EXPECT_EQ(all.values, of_rule(rule, {0.5, 0.5}, 3).combine(rest, {}).values);
    // A member that is missing altogether has an empty matrix.
    auto empty = members;
    empty[0] = Matrix();
    EXPECT_EQ(all.values, of_rule(rule, {0.5, 0.25, 0.25}, 3).combine(empty, {}).values);
    // Nobody with a weight is there: all who are there alike.
    EXPECT_EQ(all.values, of_rule(rule, {1, 0, 0}, 3).combine(members, {}).values);
  }
}

TEST(Combination, StackTakesTheMeanOfThosePresentForAMissingMember) {
  Combination stack = of_rule(Rule::stack, {1, 1, 1}, 3);
  stack.scales.assign(9, 1);
  stack.bias.assign(3, 0);
  auto members = three_members();
  make_missing(members[0], 0);
  auto filled = members;
  filled[0] = matrix_from(1, 3, {0.25F, 0.65F, 0.1F});
  const auto found = stack.combine(members, {}).values;
  const auto expected = stack.combine(filled, {}).values;
  for (std::size_t k = 0; k < found.size(); ++k) EXPECT_NEAR(found[k], expected[k], 1e-6);
}

TEST(Combination, ARowThatNobodyHasIsMissing) {
  auto members = three_members();
  for (Matrix& matrix : members) make_missing(matrix, 0);
  Combination mean = of_rule(Rule::mean, {0.5, 0.25, 0.25}, 3);
  mean.temperature = 2;
  EXPECT_TRUE(is_missing(mean.combine(members, {}).row(0)));
}

TEST(Combination, ComesBackFromJsonAsItWas) {
  Combination stack = of_rule(Rule::stack, {0.1, 0.2, 0.7}, 3);
  stack.method = "stack";
  stack.scales = {1.0 / 3, 1, 1, 0, -0.1, 0, 0, 2, 1e-17};
  stack.bias = {0, 0.5, -1.0 / 7};
  stack.member_temperatures = {1, 0.7, 3};
  stack.temperature = 1.1;
  const Combination back = Combination::from_json(stack.json(), "x.json");
  EXPECT_EQ(back.json(), stack.json());
  EXPECT_EQ(back.scales, stack.scales);
  EXPECT_EQ(back.combine(three_members(), {}).values, stack.combine(three_members(), {}).values);
  EXPECT_EQ(nlohmann::json::parse(stack.json()).at("format"), 1);
}

TEST(Combination, RefusesJsonThatIsNone) {
  const Combination mean = of_rule(Rule::mean, {0.5, 0.5}, 3);
  auto json = nlohmann::json::parse(mean.json());
  EXPECT_ERROR((void)Combination::from_json("{", "x.json"), InputError, "x.json is not a combination");
  json["format"] = 2;
  EXPECT_ERROR((void)Combination::from_json(json.dump(), "x.json"), InputError, "its format is 2");
  json["format"] = 1;
  json["weights"] = {0.5};
  EXPECT_ERROR((void)Combination::from_json(json.dump(), "x.json"), InputError, "it has 1 weights where 2");
  json["weights"] = {0.5, -1};
  EXPECT_ERROR((void)Combination::from_json(json.dump(), "x.json"), InputError, "one of its weights is -1");
}

TEST(Combination, RefusesMatricesOfOtherSizes) {
  const auto mean = of_rule(Rule::mean, {0.5, 0.5}, 3);
  EXPECT_ERROR((void)mean.combine(three_members(), {}), Error, "3 matrices were given to a combination of 2");
  const std::vector<Matrix> uneven = {Matrix(2, 3), Matrix(1, 3)};
  EXPECT_ERROR((void)mean.combine(uneven, {}), Error, "the matrix of member 'm1' is 1 x 3; 2 x 3");
}

}  // namespace
}  // namespace quire::test
