#include "hub/config_names.h"

#include "quire/base/error.h"

namespace quire::hub {
namespace {

struct Named {
  std::string_view name;
  Activation value;
};

constexpr Named kActivations[] = {{"gelu", Activation::gelu},
                                  {"gelu_new", Activation::gelu_tanh},
                                  {"gelu_pytorch_tanh", Activation::gelu_tanh},
                                  {"gelu_fast", Activation::gelu_fast},
                                  {"quick_gelu", Activation::quick_gelu},
                                  {"relu", Activation::relu},
                                  {"silu", Activation::silu},
                                  {"tanh", Activation::tanh}};

}  // namespace

std::optional<Activation> activation_from_name(std::string_view name) {
  for (const Named& known : kActivations) {
    if (known.name == name) return known.value;
  }
  return std::nullopt;
}

std::string_view activation_name(Activation activation) {
  for (const Named& known : kActivations) {
    if (known.value == activation) return known.name;
  }
  throw Error("A configuration holds an activation that has no name.");
}

std::vector<std::string> activation_names() {
  std::vector<std::string> names;
  for (const Named& known : kActivations) names.emplace_back(known.name);
  return names;
}

}  // namespace quire::hub
