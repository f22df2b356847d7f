#include "hub/config_labels.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "quire/base/utf8.h"

namespace quire {
namespace hub {
namespace {

constexpr std::int64_t kMostLabels = std::numeric_limits<std::int32_t>::max();

// "3", and as int() of Python has it also "03" and " 3".
std::optional<std::int64_t> parse_id(std::string_view text) {
  text = trim(text);
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return id;
}

// transformers shows a label that is no string as Python prints it.
std::string label_text(const Section& label) {
  const Json& value = label.value();
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  label.fail_expecting("a string or a number");
}

std::map<std::int64_t, std::string> numbered_labels(const Section& map) {
  if (!map.value().is_object()) map.fail_expecting("an object such as {\"0\": \"first\"}");
  std::map<std::int64_t, std::string> labels;
  for (const auto& [key, label] : map.value().items()) {
    const std::optional<std::int64_t> id = parse_id(key);
    if (!id) {
      map.fail(fmt::format("the key {} is no number", in_quotes(key)),
               "Labels stand under the numbers of their classes: {\"0\": \"first\", \"1\": \"second\"}.");
    }
    labels[*id] = label_text(map.at(key.c_str()));
  }
  return labels;
}

// Why these are not the names of classes 0, 1, ...; "" when they are.
std::string find_gap(const Section& map, const std::map<std::int64_t, std::string>& labels) {
  std::int64_t expected = 0;
  for (const auto& [id, label] : labels) {
    if (id == expected++) continue;
    return fmt::format("{} has {} labels, and a class {} where {} is expected", map.where(), labels.size(),
                       id, expected - 1);
  }
  return {};
}

}  // namespace

void read_labels(const Section& root, EncoderConfig& config) {
  std::optional<std::int64_t> count;
  if (root.has("num_labels")) count = root.count("num_labels", 0, kMostLabels);
  if (!root.has("id2label")) {
    if (count) config.labels = default_labels(*count);
    return;
  }
  const Section map = root.at("id2label");
  const std::map<std::int64_t, std::string> labels = numbered_labels(map);
  if (count && std::cmp_not_equal(*count, labels.size())) {  // then that wins, as in transformers
    config.labels = default_labels(*count);
    return;
  }
  config.label_gap = find_gap(map, labels);
  if (!config.label_gap.empty()) return;
  for (const auto& [id, label] : labels) config.labels.push_back(label);
}

}  // namespace hub

std::vector<std::string> default_labels(std::int64_t count) {
  std::vector<std::string> labels;
  for (std::int64_t i = 0; i < count; ++i) labels.push_back(fmt::format("LABEL_{}", i));
  return labels;
}

}  // namespace quire
