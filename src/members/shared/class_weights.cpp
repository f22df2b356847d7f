#include "members/shared/class_weights.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <sstream>

#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire {
namespace {

constexpr double kBeta = 0.999;

bool is_file(const std::string& spec) { return spec != "none" && spec != "balanced" && spec != "effective"; }

std::vector<double> read_weights(const std::string& path, const LabelSet& classes) {
  std::vector<double> weights(classes.size(), -1);
  std::istringstream lines(read_file(path));
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    const std::size_t tab = line.rfind('\t');
    const auto found = tab == std::string::npos ? std::nullopt : classes.find(line.substr(0, tab));
    if (!found) {
      throw InputError(fmt::format("{}:{}: '{}' is no class with a weight", path, number, line),
                       "expected lines of a label, a tab and a number");
    }
    double weight = -1;
    const char* end = line.data() + line.size();
    const auto [stop, error] = std::from_chars(line.data() + tab + 1, end, weight);
    if (error != std::errc() || stop != end || !(weight >= 0) || std::isinf(weight)) {
      throw InputError(fmt::format("{}:{}: '{}' is no weight", path, number, line.substr(tab + 1)),
                       "expected a number that is not negative");
    }
    weights[static_cast<std::size_t>(*found)] = weight;
  }
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (weights[k] < 0) {
      throw InputError(
          fmt::format("{}: no weight for the label '{}'", path, classes.name(static_cast<int>(k))),
          "give every class a line");
    }
  }
  return weights;
}

}  // namespace

void check_class_weights(const std::string& spec) {
  if (is_file(spec)) (void)read_file(spec);
}

std::vector<float> class_weights(const std::string& spec, std::span<const int> labels,
                                 std::span<const std::int64_t> rows, const LabelSet& classes) {
  if (spec == "none") return {};
  std::vector<double> counts(classes.size(), 0);
  for (const std::int64_t row : rows)
    ++counts[static_cast<std::size_t>(labels[static_cast<std::size_t>(row)])];
  std::vector<double> weights = is_file(spec) ? read_weights(spec, classes) : counts;
  double sum = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (spec == "balanced") weights[k] = counts[k] > 0 ? 1 / counts[k] : 0;
    if (spec == "effective") weights[k] = counts[k] > 0 ? (1 - kBeta) / (1 - std::pow(kBeta, counts[k])) : 0;
    sum += weights[k] * counts[k];
  }
  if (sum <= 0) {
    throw InputError(fmt::format("--class-weights {}: all documents have weight 0", spec),
                     "at least one class that occurs needs a positive weight");
  }
  std::vector<float> result;
  for (const double weight : weights)
    result.push_back(static_cast<float>(weight * static_cast<double>(rows.size()) / sum));
  return result;
}

}  // namespace quire
