#include "members/shared/class_weights.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <sstream>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/naming.h"
#include "quire/base/utf8.h"

namespace quire {
namespace {

constexpr double kBeta = 0.999;

bool is_file(const std::string& spec) { return spec != "none" && spec != "balanced" && spec != "effective"; }

[[noreturn]] void reject(const std::string& path, int line, const std::string& what,
                         const std::string& hint) {
  throw InputError(fmt::format("{}:{}: {}", path, line, what), hint);
}

double parse_weight(const std::string& path, int number, std::string_view text) {
  double weight = -1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, weight);
  if (error != std::errc() || stop != end || !(weight >= 0) || std::isinf(weight)) {
    reject(path, number, fmt::format("{} is no weight", quoted_name(text)),
           "expected a number that is not negative, with a decimal point");
  }
  return weight;
}

std::size_t parse_class(const std::string& path, int number, std::string_view text, const LabelSet& classes) {
  std::string label(trim(text));
  if (repair_utf8(label) > 0) {
    reject(path, number,
           fmt::format("the label {} is not valid UTF-8", quoted_name(escape_malformed_utf8(trim(text)))),
           "save the file as UTF-8; `iconv -f latin1 -t utf-8` makes it of Latin-1");
  }
  if (const auto found = classes.find(label)) return static_cast<std::size_t>(*found);
  const std::string nearest = nearest_name(label, classes.names());
  reject(path, number, fmt::format("no row has the label {}", quoted_name(label)),
         nearest.empty() ? fmt::format("the labels are {}", quoted_list(classes.names()))
                         : fmt::format("did you mean '{}'?", nearest));
}

void check_complete(const std::string& path, const std::vector<int>& line_of, const LabelSet& classes) {
  std::vector<std::string> missing;
  for (std::size_t k = 0; k < line_of.size(); ++k) {
    if (line_of[k] == 0) missing.push_back(classes.name(static_cast<int>(k)));
  }
  if (missing.empty()) return;
  throw InputError(fmt::format("{}: no weight for the label{} {}", path, missing.size() == 1 ? "" : "s",
                               quoted_list(missing)),
                   "give every class a line");
}

std::vector<double> read_weights(const std::string& path, const LabelSet& classes) {
  std::vector<double> weights(classes.size());
  std::vector<int> line_of(classes.size());  // 0: none yet
  std::string content = read_file(path);
  if (content.starts_with("\xEF\xBB\xBF")) content.erase(0, 3);  // a byte order mark
  std::istringstream lines(std::move(content));
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    const std::size_t tab = line.rfind('\t');
    if (tab == std::string::npos) {
      reject(path, number, fmt::format("{} is no class with a weight", quoted_name(line)),
             "expected lines of a label, a tab and a number");
    }
    const std::size_t k = parse_class(path, number, std::string_view(line).substr(0, tab), classes);
    if (line_of[k] != 0) {
      reject(path, number,
             fmt::format("the label {} has a weight already, in line {}",
                         quoted_name(classes.name(static_cast<int>(k))), line_of[k]),
             "give every class one line");
    }
    line_of[k] = number;
    weights[k] = parse_weight(path, number, trim(std::string_view(line).substr(tab + 1)));
  }
  check_complete(path, line_of, classes);
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
