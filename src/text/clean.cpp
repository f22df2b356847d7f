#include "quire/text/clean.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "quire/base/error.h"
#include "quire/text/lower_case.h"
#include "quire/text/unicode.h"
#include "text/clean_steps.h"
#include "text/lemmatizer.h"

namespace quire {
namespace {

constexpr std::array<std::pair<std::string_view, bool CleanOptions::*>, 5> kSteps = {
    {{"strip-latex", &CleanOptions::strip_latex},
     {"strip-urls", &CleanOptions::strip_urls},
     {"lowercase", &CleanOptions::lowercase},
     {"stop-words", &CleanOptions::stop_words},
     {"lemmatize", &CleanOptions::lemmatize}}};

std::vector<std::string> known_names() {
  std::vector<std::string> names;
  names.reserve(kSteps.size() + 1);
  for (const auto& step : kSteps) names.emplace_back(step.first);
  names.emplace_back("none");
  return names;
}

}  // namespace

CleanOptions parse_clean(std::span<const std::string> names) {
  CleanOptions options;
  for (const std::string& name : names) {
    if (name == "none" && names.size() == 1) return {};
    bool known = false;
    for (const auto& [step, member] : kSteps) {
      if (name != step) continue;
      options.*member = true;
      known = true;
    }
    if (known) continue;
    if (name == "none") throw InputError("'none' and steps of cleaning exclude each other");
    const std::string nearest = nearest_name(name, known_names());
    throw InputError(fmt::format("'{}' is no step of cleaning", name),
                     nearest.empty()
                         ? "there are lowercase, lemmatize, strip-latex, strip-urls and stop-words"
                         : fmt::format("did you mean {}?", nearest));
  }
  return options;
}

std::vector<std::string> clean_names(const CleanOptions& options) {
  std::vector<std::string> names;
  for (const auto& [step, member] : kSteps) {
    if (options.*member) names.emplace_back(step);
  }
  return names;
}

class Cleaner::Impl {
 public:
  Impl(const CleanOptions& options, const std::filesystem::path& wordnet) : options_(options) {
    if (options.lemmatize) lemmatizer_.emplace(wordnet.empty() ? text::wordnet_directory() : wordnet);
  }

  [[nodiscard]] const CleanOptions& options() const { return options_; }

  [[nodiscard]] std::string clean(std::string_view input) const {
    std::string repaired;
    input = text::well_formed(input, repaired);
    std::string current;
    if (options_.strip_latex) input = current = text::without_latex(input);
    if (options_.strip_urls) input = current = text::without_urls(input);
    std::string out = text::collapse_white_space(input);
    if (options_.lowercase) {
      std::string lowered;
      lowered.reserve(out.size());
      text::append_lower_case(out, lowered);
      out = std::move(lowered);
    }
    return options_.stop_words || options_.lemmatize ? with_words(out) : out;
  }

 private:
  [[nodiscard]] std::string with_words(std::string_view input) const {
    std::string out;
    out.reserve(input.size());
    std::string lowered;
    while (!input.empty()) {
      const std::string_view word = input.substr(0, input.find(' '));
      input.remove_prefix(std::min(input.size(), word.size() + 1));
      if (options_.stop_words && is_stop_word(word, lowered)) continue;
      if (!out.empty()) out.push_back(' ');
      out.append(lemmatizer_ ? lemmatizer_->lemma(word) : word);
    }
    return out;
  }

  [[nodiscard]] bool is_stop_word(std::string_view word, std::string& lowered) const {
    if (options_.lowercase) return text::is_stop_word(word);
    lowered.clear();
    text::append_lower_case(word, lowered);
    return text::is_stop_word(lowered);
  }

  CleanOptions options_;
  std::optional<text::Lemmatizer> lemmatizer_;
};

Cleaner::Cleaner(const CleanOptions& options, const std::filesystem::path& wordnet)
    : impl_(std::make_unique<const Impl>(options, wordnet)) {}
Cleaner::~Cleaner() = default;
Cleaner::Cleaner(Cleaner&&) noexcept = default;
Cleaner& Cleaner::operator=(Cleaner&&) noexcept = default;

std::string Cleaner::clean(std::string_view text) const { return impl_->clean(text); }
const CleanOptions& Cleaner::options() const noexcept { return impl_->options(); }

}  // namespace quire
