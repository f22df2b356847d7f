// Heads, features and window pooling by the names users give them.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "quire/base/error.h"
#include "quire/nn/classifier.h"

namespace quire::nn {
namespace {

constexpr std::array kHeads = {std::pair{"standard", HeadKind::standard},
                               std::pair{"mean", HeadKind::mean},
                               std::pair{"max", HeadKind::max},
                               std::pair{"bilstm", HeadKind::bilstm},
                               std::pair{"attention", HeadKind::attention},
                               std::pair{"concat", HeadKind::concat}};

constexpr std::array kFeatures = {
    std::pair{"layer", Features::Kind::layer}, std::pair{"mean", Features::Kind::mean},
    std::pair{"max", Features::Kind::max}, std::pair{"concat", Features::Kind::concat}};

[[noreturn]] void refuse_features(std::string_view text, std::int64_t layers) {
  throw InputError(
      fmt::format("--features is '{}'", text),
      fmt::format("expected last, mix, layer:K with K from 0 to {0}, or mean:N, max:N or concat:N "
                  "with N from 1 to {0}",
                  layers));
}

}  // namespace

HeadKind parse_head(std::string_view name) {
  for (const auto& [known, kind] : kHeads) {
    if (name == known) return kind;
  }
  throw InputError(fmt::format("no head is called '{}'", name),
                   "known heads: standard, mean, max, bilstm, attention, concat");
}

std::string_view head_name(HeadKind kind) {
  for (const auto& [name, known] : kHeads) {
    if (kind == known) return name;
  }
  return "";
}

Features parse_features(std::string_view text, std::int64_t layers) {
  if (text == "last") return {};
  if (text == "mix") return {Features::Kind::mix, 0};
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) refuse_features(text, layers);
  Features features;
  const std::string_view number = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), features.n);
  if (error != std::errc() || end != number.data() + number.size()) refuse_features(text, layers);
  for (const auto& [name, kind] : kFeatures) {
    if (text.substr(0, colon) != name) continue;
    features.kind = kind;
    const std::int64_t least = kind == Features::Kind::layer ? 0 : 1;
    if (features.n < least || features.n > layers) refuse_features(text, layers);
    return features;
  }
  refuse_features(text, layers);
}

std::string features_name(const Features& features) {
  if (features.kind == Features::Kind::last) return "last";
  if (features.kind == Features::Kind::mix) return "mix";
  for (const auto& [name, kind] : kFeatures) {
    if (features.kind == kind) return fmt::format("{}:{}", name, features.n);
  }
  return "";
}

std::int64_t highest_layer(const Features& features, std::int64_t layers) {
  return features.kind == Features::Kind::layer ? features.n : layers;
}

WindowPooling parse_window_pooling(std::string_view name) {
  if (name == "mean") return WindowPooling::mean;
  if (name == "max") return WindowPooling::max;
  if (name == "attention") return WindowPooling::attention;
  throw InputError(fmt::format("no window pooling is called '{}'", name), "known: mean, max, attention");
}

}  // namespace quire::nn
