#include "text/lemmatizer.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire::text {
namespace {

constexpr const char* kDebianDirectory = "/usr/share/wordnet";

// Suffix and what replaces it, in the order of NLTK's MORPHOLOGICAL_SUBSTITUTIONS["n"].
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kRules = {{{"s", ""},
                                                                                  {"ses", "s"},
                                                                                  {"ves", "f"},
                                                                                  {"xes", "x"},
                                                                                  {"zes", "z"},
                                                                                  {"ches", "ch"},
                                                                                  {"shes", "sh"},
                                                                                  {"men", "man"},
                                                                                  {"ies", "y"}}};

// No noun of WordNet comes near to this.
constexpr std::size_t kLongestWord = 256;

// The next field of a line, which loses it.
std::string_view next_field(std::string_view& line) {
  constexpr std::string_view kSpace = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
  const std::string_view field = line.substr(0, line.find_first_of(kSpace));
  line.remove_prefix(field.size());
  return field;
}

template <typename Use>
void for_lines(std::string_view text, const Use& use) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    use(line);
  }
}

std::string read_wordnet_file(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) {
    throw InputError(
        fmt::format("lemmas need WordNet, but there is no '{}'", path.string()),
        "install Debian's package wordnet-base, or set WNSEARCHDIR to the directory that holds index.noun");
  }
  return read_file(path);
}

}  // namespace

std::filesystem::path wordnet_directory() {
  const char* const directory = std::getenv("WNSEARCHDIR");
  if (directory != nullptr && *directory != '\0') return directory;
  const char* const home = std::getenv("WNHOME");
  if (home != nullptr && *home != '\0') return std::filesystem::path(home) / "dict";
  return kDebianDirectory;
}

std::size_t Lemmatizer::Hash::operator()(std::string_view word) const noexcept {
  return XXH3_64bits(word.data(), word.size());
}

Lemmatizer::Lemmatizer(const std::filesystem::path& directory) {
  read_nouns(directory / "index.noun");
  read_exceptions(directory / "noun.exc");
}

// Lines "LEMMA n ..."; those of the licence on top begin with a space.
void Lemmatizer::read_nouns(const std::filesystem::path& path) {
  index_ = read_wordnet_file(path);
  nouns_.reserve(150000);
  std::int64_t number = 0;
  for_lines(index_, [&](std::string_view line) {
    ++number;
    if (line.starts_with(' ')) return;
    const std::string_view lemma = next_field(line);
    if (next_field(line) != "n" || lemma.size() > kLongestWord) {
      throw InputError(fmt::format("{}:{}: not a line of WordNet's index of nouns", path.string(), number),
                       "install Debian's package wordnet-base anew");
    }
    longest_ = std::max(longest_, lemma.size());
    nouns_.insert(lemma);
  });
  if (nouns_.empty()) throw InputError(fmt::format("'{}' holds no noun", path.string()));
}

// Lines "FORM LEMMA..."; of a form that stands there twice, NLTK keeps the last line.
void Lemmatizer::read_exceptions(const std::filesystem::path& path) {
  exception_file_ = read_wordnet_file(path);
  for_lines(exception_file_, [&](std::string_view line) {
    const std::string_view form = next_field(line);
    if (form.empty()) return;
    longest_exception_ = std::max(longest_exception_, form.size());
    std::vector<std::string_view>& lemmas = exceptions_[form];
    lemmas.clear();
    for (std::string_view lemma = next_field(line); !lemma.empty(); lemma = next_field(line)) {
      lemmas.push_back(lemma);
    }
  });
}

std::string_view Lemmatizer::noun(std::string_view word) const {
  if (word.empty() || word.size() > longest_) return {};
  const auto found = nouns_.find(word);
  return found == nouns_.end() ? std::string_view() : *found;
}

std::string_view Lemmatizer::lemma(std::string_view word) const {
  if (word.size() <= longest_exception_) {
    const auto found = exceptions_.find(word);
    if (found != exceptions_.end()) {
      // NLTK measures in characters; WordNet's nouns are ASCII.
      std::string_view shortest = noun(word);
      for (const std::string_view form : found->second) {
        const std::string_view known = noun(form);
        if (!known.empty() && (shortest.empty() || known.size() < shortest.size())) shortest = known;
      }
      return shortest.empty() ? word : shortest;
    }
  }
  return by_rules(word);
}

std::string_view Lemmatizer::by_rules(std::string_view word) const {
  // Whether the word is a noun matters only if a rule gives another.
  if (word.empty() || (word.back() != 's' && !word.ends_with("men"))) return word;
  if (word.size() > longest_ + 3) return word;
  std::string_view shortest;
  std::array<char, kLongestWord + 8> form;
  for (const auto& [suffix, replacement] : kRules) {
    if (!word.ends_with(suffix)) continue;
    const std::size_t stem = word.size() - suffix.size();
    std::copy_n(word.begin(), stem, form.begin());
    std::ranges::copy(replacement, form.begin() + static_cast<std::ptrdiff_t>(stem));
    const std::string_view known = noun({form.data(), stem + replacement.size()});
    if (!known.empty() && (shortest.empty() || known.size() < shortest.size())) shortest = known;
  }
  if (shortest.empty()) return word;
  // Every rule but men -> man shortens the word, which otherwise comes first.
  if (shortest.size() >= word.size() && !noun(word).empty()) return word;
  return shortest;
}

}  // namespace quire::text
