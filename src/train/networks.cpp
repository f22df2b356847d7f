#include "train/networks.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace quire::train {
namespace {

nn::Parameter renamed(nn::Parameter parameter, const std::string& network) {
  if (network.empty()) return parameter;
  for (std::string& name : parameter.names) name = fmt::format("{}.{}", network, name);
  for (std::string& name : parameter.tied) name = fmt::format("{}.{}", network, name);
  return parameter;
}

// Appends a parameter and gives its index; nothing for one that is there already, which gets the names.
std::optional<std::size_t> append(std::vector<nn::Parameter>& parameters, nn::Parameter parameter) {
  const auto shared = std::ranges::find_if(
      parameters, [&](const nn::Parameter& other) { return other.value.is_same(parameter.value); });
  if (shared == parameters.end()) {
    parameters.push_back(std::move(parameter));
    return parameters.size() - 1;
  }
  for (auto* names : {&parameter.names, &parameter.tied})
    shared->tied.insert(shared->tied.end(), names->begin(), names->end());
  return std::nullopt;
}

}  // namespace

JoinedParameters join_parameters(const std::vector<Network>& networks, const OptimizerOptions& options) {
  JoinedParameters joined;
  for (const Network& one : networks) {
    const std::vector<nn::Parameter>& own = one.network->parameters();
    std::vector<std::optional<std::size_t>> places;
    for (const nn::Parameter& parameter : own)
      places.push_back(append(joined.parameters, renamed(parameter, one.name)));
    for (ParameterGroup& group : group_parameters(own, one.network->layers(), options)) {
      ParameterGroup kept = group;
      kept.members.clear();
      if (!one.name.empty()) kept.name = fmt::format("{}: {}", one.name, group.name);
      for (const std::size_t index : group.members) {
        if (places[index]) {
          kept.members.push_back(*places[index]);
        } else {
          kept.elements -= own[index].value.numel();
        }
      }
      if (!kept.members.empty()) joined.groups.push_back(std::move(kept));
    }
  }
  return joined;
}

}  // namespace quire::train
