// Several members' probabilities made into one matrix: a rule with its weights and temperatures.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quire/base/context.h"
#include "quire/base/matrix.h"

namespace quire {

// How a row of members' probabilities becomes one, with weights w that are those of the members present,
// scaled to sum to 1 (all alike where none of them has any weight). p are the members' probabilities after
// their temperatures.
//   mean      sum of w p
//   log_mean  softmax of the sum of w log p: the geometric mean
//   vote      (n V + P) / (n + 1): V the sum of w over the members that vote for a class, P the sum of w p,
//             n the number of members with weight. So P is one more voter, who breaks ties and, with equal
//             weights, nothing else.
//   stack     softmax of bias + sum of scale log p, where each member has a scale for each class. A missing
//             member is given the mean of the probabilities of those present.
// A row that no member has is one of NaN.
enum class Rule { mean, log_mean, vote, stack };

struct Combination {
  std::string method;  // that chose the weights
  Rule rule = Rule::mean;
  std::int64_t classes = 0;
  std::vector<std::string> members;         // names, in the order of the matrices
  std::vector<double> member_temperatures;  // [members], applied first
  std::vector<double> weights;              // [members], at least 0 and summing to 1; of a stack: mean scales
  std::vector<double> scales;               // [members, classes], of a stack
  std::vector<double> bias;                 // [classes], of a stack
  double temperature = 1;                   // of the result

  // One matrix for each member, all of the same rows and of `classes` columns. A row of NaN is missing; of a
  // member that is missing altogether the matrix is empty. Throws Error where sizes do not match.
  [[nodiscard]] Matrix combine(std::span<const Matrix> matrices, const Context& context) const;

  // Whether the result depends on the member: one that is not used need not be computed.
  [[nodiscard]] bool uses(std::size_t member) const;

  // With "format": 1; numbers come back as they were.
  [[nodiscard]] std::string json() const;
  // `source` names the text in messages. Throws InputError for text that json() did not write.
  [[nodiscard]] static Combination from_json(std::string_view text, std::string_view source);
};

// All members alike, nothing fitted.
[[nodiscard]] Combination plain_mean(std::int64_t classes, std::span<const std::string> members);

}  // namespace quire
