#include "hub/config_names.h"

#include <fmt/format.h>

#include "quire/base/error.h"

namespace quire {
namespace {

template <typename Value>
struct Named {
  std::string_view name;
  Value value;
};

constexpr Named<Family> kFamilies[] = {
    {"bert", Family::bert}, {"roberta", Family::roberta}, {"electra", Family::electra}};

constexpr Named<Activation> kActivations[] = {{"gelu", Activation::gelu},
                                              {"gelu_new", Activation::gelu_tanh},
                                              {"gelu_pytorch_tanh", Activation::gelu_tanh},
                                              {"gelu_fast", Activation::gelu_fast},
                                              {"quick_gelu", Activation::quick_gelu},
                                              {"relu", Activation::relu},
                                              {"silu", Activation::silu},
                                              {"tanh", Activation::tanh}};

template <typename Table>
auto value_of(const Table& table, std::string_view name) {
  using Value = decltype(std::begin(table)->value);
  for (const auto& entry : table) {
    if (entry.name == name) return std::optional<Value>(entry.value);
  }
  return std::optional<Value>();
}

template <typename Table, typename Value>
std::string_view name_of(const Table& table, Value value) {
  for (const auto& entry : table) {
    if (entry.value == value) return entry.name;
  }
  throw Error("a configuration holds a value that has no name");
}

template <typename Table>
std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const auto& entry : table) names.emplace_back(entry.name);
  return names;
}

}  // namespace

std::string_view family_name(Family family) { return name_of(kFamilies, family); }

namespace hub {

std::optional<Family> family_from_name(std::string_view name) { return value_of(kFamilies, name); }
std::optional<Activation> activation_from_name(std::string_view name) { return value_of(kActivations, name); }
std::string_view activation_name(Activation activation) { return name_of(kActivations, activation); }

const std::vector<std::string>& family_names() {
  static const std::vector<std::string> names = names_of(kFamilies);
  return names;
}

const std::vector<std::string>& activation_names() {
  static const std::vector<std::string> names = names_of(kActivations);
  return names;
}

}  // namespace hub
}  // namespace quire
