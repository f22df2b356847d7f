// The parameters of all networks of an objective in one list: what is stepped, averaged and saved.
#pragma once

#include <vector>

#include "quire/train/objective.h"
#include "quire/train/optimizer.h"

namespace quire::train {

struct JoinedParameters {
  std::vector<nn::Parameter> parameters;  // their values are the networks' own tensors
  std::vector<ParameterGroup> groups;
};

// Names of parameters and groups begin with that of their network. A tensor that a later network shares
// with an earlier one stays with the earlier, at its learning rate; the later one's names are tied to it.
[[nodiscard]] JoinedParameters join_parameters(const std::vector<Network>& networks,
                                               const OptimizerOptions& options);

}  // namespace quire::train
