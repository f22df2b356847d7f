// Lemmas of nouns by WordNet, as NLTK's WordNetLemmatizer().lemmatize(word) gives them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace quire::text {

// Where WordNet's files are looked for: $WNSEARCHDIR, $WNHOME/dict, Debian's place.
[[nodiscard]] std::filesystem::path wordnet_directory();

class Lemmatizer {
 public:
  // Reads index.noun and noun.exc. Throws InputError when they are missing or damaged.
  explicit Lemmatizer(const std::filesystem::path& directory);
  Lemmatizer(const Lemmatizer&) = delete;
  Lemmatizer& operator=(const Lemmatizer&) = delete;

  // The shortest of: the word itself, and its forms in the list of exceptions or, if it has none
  // there, what one pass of the rules makes of it; as far as they are nouns of WordNet. The first of
  // equals; the word itself when none is a noun. Views `word` or this object.
  [[nodiscard]] std::string_view lemma(std::string_view word) const;

 private:
  struct Hash {
    std::size_t operator()(std::string_view word) const noexcept;
  };

  void read_nouns(const std::filesystem::path& path);
  void read_exceptions(const std::filesystem::path& path);
  // The noun as the dictionary holds it; no data when it is none.
  [[nodiscard]] std::string_view noun(std::string_view word) const;
  [[nodiscard]] std::string_view by_rules(std::string_view word) const;

  std::string index_, exception_file_;  // what the views below view
  std::unordered_set<std::string_view, Hash> nouns_;
  std::unordered_map<std::string_view, std::vector<std::string_view>, Hash> exceptions_;
  std::size_t longest_ = 0;            // noun, in bytes
  std::size_t longest_exception_ = 0;  // in bytes
};

}  // namespace quire::text
