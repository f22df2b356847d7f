// A combination as JSON: {"format": 1, "method": "greedy", "rule": "mean", "members": [...], ...}.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "quire/base/error.h"
#include "quire/base/json.h"
#include "quire/ensemble/combination.h"

namespace quire {
namespace {

constexpr int kFormat = 1;

constexpr std::array<std::pair<Rule, const char*>, 4> kRules = {
    {{Rule::mean, "mean"}, {Rule::log_mean, "log-mean"}, {Rule::vote, "vote"}, {Rule::stack, "stack"}}};

const char* rule_name(Rule rule) {
  for (const auto& [known, name] : kRules)
    if (known == rule) return name;
  return "";
}

Rule rule_of(const std::string& wanted) {
  for (const auto& [rule, name] : kRules)
    if (name == wanted) return rule;
  throw Error(fmt::format("'{}' is not a rule", wanted));
}

// Throws Error with the reason.
void check(const Combination& one) {
  const std::size_t members = one.members.size();
  const auto classes = static_cast<std::size_t>(one.classes);
  const auto expect = [](std::size_t found, std::size_t wanted, const char* what) {
    if (found != wanted) throw Error(fmt::format("it has {} {} where {} belong", found, what, wanted));
  };
  if (members == 0) throw Error("it has no members");
  if (one.classes < 1) throw Error(fmt::format("it has {} classes", one.classes));
  expect(one.weights.size(), members, "weights");
  expect(one.member_temperatures.size(), members, "member temperatures");
  const bool is_stack = one.rule == Rule::stack;
  expect(one.scales.size(), is_stack ? members * classes : 0, "scales");
  expect(one.bias.size(), is_stack ? classes : 0, "biases");
  for (const double value : one.weights) {
    if (!is_stack && !(value >= 0)) throw Error(fmt::format("one of its weights is {}", value));
  }
  for (const double value : one.member_temperatures) {
    if (!(value > 0)) throw Error(fmt::format("one of its temperatures is {}", value));
  }
  if (!(one.temperature > 0)) throw Error(fmt::format("its temperature is {}", one.temperature));
}

Combination parse(std::string_view text, std::string_view source) {
  const Json json = parse_json(text, source);
  const int format = json.at("format").get<int>();
  if (format != kFormat) throw Error(fmt::format("its format is {}, and {} is known", format, kFormat));
  Combination one;
  json.at("method").get_to(one.method);
  one.rule = rule_of(json.at("rule").get<std::string>());
  json.at("classes").get_to(one.classes);
  json.at("members").get_to(one.members);
  json.at("member_temperatures").get_to(one.member_temperatures);
  json.at("weights").get_to(one.weights);
  json.at("temperature").get_to(one.temperature);
  if (json.contains("scales")) json.at("scales").get_to(one.scales);
  if (json.contains("bias")) json.at("bias").get_to(one.bias);
  check(one);
  return one;
}

}  // namespace

std::string Combination::json() const {
  nlohmann::ordered_json out;
  out["format"] = kFormat;
  out["method"] = method;
  out["rule"] = rule_name(rule);
  out["classes"] = classes;
  out["members"] = members;
  out["member_temperatures"] = member_temperatures;
  out["weights"] = weights;
  out["temperature"] = temperature;
  if (rule == Rule::stack) {
    out["scales"] = scales;
    out["bias"] = bias;
  }
  return out.dump();
}

Combination Combination::from_json(std::string_view text, std::string_view source) {
  std::string reason;
  try {
    return parse(text, source);
  } catch (const nlohmann::json::exception& error) {
    reason = error.what();
  } catch (const Error& error) {
    reason = error.what();
  }
  throw InputError(fmt::format("{} is not a combination of members: {}", source, reason),
                   "it is written by 'quire run' or 'quire ensemble'");
}

}  // namespace quire
