#include "members/lightgbm/lightgbm_parameters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "members/lightgbm/lightgbm_library.h"
#include "members/shared/class_weights.h"
#include "quire/base/error.h"

namespace quire::lightgbm {
namespace {

// Parameters that quire sets itself, and what to say of them.
const std::map<std::string, std::string>& owned() {
  static const std::map<std::string, std::string> names = [] {
    std::map<std::string, std::string> all = {
        {"num_iterations", "the option for it is rounds"},
        {"early_stopping_round", "the option for it is early_stopping_rounds"},
        {"num_threads", "the option for it is threads"},
        {"seed", "the option for it is seed"},
        {"is_unbalance", "the option for it is class_weights"},
        {"scale_pos_weight", "the option for it is class_weights"},
        {"num_class", "it follows from the data"},
        {"early_stopping_min_delta", "any fall of the first metric counts"},
        {"first_metric_only", "the first metric always decides when to stop"},
        {"verbosity", "quire reports the progress"}};
    for (const char* name : {"num_leaves", "learning_rate", "min_data_in_leaf", "feature_fraction",
                             "bagging_fraction", "bagging_freq", "max_bin"})
      all.emplace(name, fmt::format("the option for it is {}", name));
    // What the library's own program does with files, and columns of files.
    for (const char* name : {"task",
                             "config",
                             "data",
                             "valid",
                             "input_model",
                             "output_model",
                             "output_result",
                             "snapshot_freq",
                             "save_binary",
                             "header",
                             "label_column",
                             "weight_column",
                             "group_column",
                             "ignore_column",
                             "two_round",
                             "convert_model",
                             "convert_model_language",
                             "parser_config_file",
                             "precise_float_parser",
                             "pre_partition",
                             "machines",
                             "machine_list_filename",
                             "num_machines",
                             "local_listen_port",
                             "time_out",
                             "start_iteration_predict",
                             "num_iteration_predict",
                             "predict_raw_score",
                             "predict_leaf_index",
                             "predict_contrib",
                             "predict_disable_shape_check",
                             "is_provide_training_metric",
                             "metric_freq"})
      all.emplace(name, "it is for LightGBM's own program, and quire takes its place");
    return all;
  }();
  return names;
}

// The library's own name of each parameter and alias.
std::map<std::string, std::string> names_by_alias() {
  std::map<std::string, std::string> names;
  for (const auto& [name, aliases] : known_parameters()) {
    names.emplace(name, name);
    for (const std::string& alias : aliases) names.emplace(alias, name);
  }
  return names;
}

void check_range(std::string_view name, double value, double least, double most) {
  if (value >= least && value <= most) return;
  throw InputError(fmt::format("LightGBM's {} is {:g}", name, value),
                   fmt::format("expected a value from {:g} to {:g}", least, most));
}

void check_ranges(const LightgbmOptions& o) {
  constexpr double kMost = 1e9;
  check_range("rounds", static_cast<double>(o.rounds), 1, 1e6);
  check_range("early_stopping_rounds", static_cast<double>(o.early_stopping_rounds), 0, kMost);
  check_range("num_leaves", static_cast<double>(o.num_leaves), 2, 131072);
  check_range("learning_rate", o.learning_rate, 1e-9, 1e3);
  check_range("min_data_in_leaf", static_cast<double>(o.min_data_in_leaf), 0, kMost);
  check_range("feature_fraction", o.feature_fraction, 1e-9, 1);
  check_range("bagging_fraction", o.bagging_fraction, 1e-9, 1);
  check_range("bagging_freq", static_cast<double>(o.bagging_freq), 0, kMost);
  check_range("max_bin", static_cast<double>(o.max_bin), 2, 65535);
}

void add_users(const std::vector<std::string>& given, Parameters& parameters) {
  if (given.empty()) return;
  const auto names = names_by_alias();
  std::map<std::string, std::string> seen;
  for (const std::string& text : given) {
    const std::size_t equals = text.find('=');
    const std::string alias = text.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
    if (alias.empty() || value.empty() || text.find_first_of(" \t\n\r") != std::string::npos) {
      throw InputError(fmt::format("'{}' is no parameter of LightGBM", text),
                       "a parameter is given as name=value, without spaces");
    }
    const auto found = names.find(alias);
    if (found == names.end()) {
      std::vector<std::string> known;
      known.reserve(names.size());
      for (const auto& [name, canonical] : names) known.push_back(name);
      const std::string nearest = nearest_name(alias, known);
      throw InputError(
          fmt::format("LightGBM has no parameter '{}'", alias),
          nearest.empty() ? "its documentation lists them" : fmt::format("did you mean {}?", nearest));
    }
    const std::string& name = found->second;
    if (const auto reason = owned().find(name); reason != owned().end()) {
      throw InputError(fmt::format("LightGBM's parameter '{}' cannot be given by its name", alias),
                       reason->second);
    }
    if (const auto [twice, is_new] = seen.emplace(name, text); !is_new) {
      throw InputError(
          fmt::format("LightGBM's parameter '{}' is given twice: '{}' and '{}'", name, twice->second, text));
    }
    parameters[name] = value;
  }
}

void check_objective(const Parameters& parameters) {
  const std::string& objective = parameters.at("objective");
  // The library's names for "a probability for each of several classes".
  constexpr const char* kObjectives[] = {"multiclass",     "softmax", "multiclassova",
                                         "multiclass_ova", "ova",     "ovr"};
  if (std::ranges::find(kObjectives, objective) != std::end(kObjectives)) return;
  throw InputError(
      fmt::format("LightGBM's objective is '{}'", objective),
      fmt::format("expected one that tells several classes apart: {}", fmt::join(kObjectives, ", ")));
}

}  // namespace

Parameters make_parameters(const LightgbmOptions& options) {
  check_ranges(options);
  check_class_weights(options.class_weights);
  Parameters parameters = {{"objective", "multiclass"},
                           {"metric", "multi_logloss"},
                           {"num_leaves", std::to_string(options.num_leaves)},
                           {"learning_rate", fmt::format("{}", options.learning_rate)},
                           {"min_data_in_leaf", std::to_string(options.min_data_in_leaf)},
                           {"feature_fraction", fmt::format("{}", options.feature_fraction)},
                           {"bagging_fraction", fmt::format("{}", options.bagging_fraction)},
                           {"bagging_freq", std::to_string(options.bagging_freq)},
                           {"max_bin", std::to_string(options.max_bin)},
                           {"lambda_l2", "2"},
                           {"min_sum_hessian_in_leaf", "0.5"},
                           {"deterministic", "true"},
                           {"force_row_wise", "true"},
                           {"verbosity", "0"}};
  add_users(options.parameters, parameters);
  check_objective(parameters);
  // The library refuses both, and a user's wish comes before our choice.
  if (const auto wish = parameters.find("force_col_wise");
      wish != parameters.end() && wish->second != "false")
    parameters.erase("force_row_wise");
  return parameters;
}

std::string join(Parameters parameters, std::int64_t classes, int threads, std::uint64_t seed) {
  parameters["num_class"] = std::to_string(classes);
  parameters["num_threads"] = std::to_string(threads);
  // An int to the library.
  parameters["seed"] = std::to_string(seed % (std::uint64_t{1} << 31));
  std::string text;
  for (const auto& [name, value] : parameters)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  return text;
}

}  // namespace quire::lightgbm
