#include "members/shared/word_reading.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "quire/base/error.h"

namespace quire {
namespace {

// In the order of Punctuation.
constexpr std::array<std::string_view, 3> kPunctuation = {"drop", "split", "keep"};

Punctuation parse_punctuation(const std::string& name) {
  const auto found = std::ranges::find(kPunctuation, name);
  if (found == kPunctuation.end()) {
    throw InputError(fmt::format("punctuation is '{}'", name),
                     fmt::format("expected one of: {}", fmt::join(kPunctuation, ", ")));
  }
  return static_cast<Punctuation>(found - kPunctuation.begin());
}

}  // namespace

WordReading::WordReading(const std::vector<std::string>& clean, const std::string& punctuation)
    : cleaner_(std::make_shared<Cleaner>(parse_clean(clean))), punctuation_(parse_punctuation(punctuation)) {}

std::unique_ptr<Corpus> WordReading::new_corpus() const {
  return std::make_unique<WordDocuments>(cleaner_, punctuation_);
}

std::string WordReading::punctuation() const {
  return std::string(kPunctuation[static_cast<std::size_t>(punctuation_)]);
}

}  // namespace quire
