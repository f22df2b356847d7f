// Cleaning of text for learners that count words: white space, case, markup, word forms.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quire {

// The steps, in the order in which they are done. White space always becomes single spaces, none at
// either end.
struct CleanOptions {
  bool strip_latex = false;  // mathematics and commands go, the arguments of text commands stay
  bool strip_urls = false;   // http://..., https://..., ftp://..., www....
  bool lowercase = false;    // Unicode's full mapping, final sigma included
  bool stop_words = false;   // English words with a grammatical job only, in any case
  bool lemmatize = false;    // each run of non-white-space, as NLTK's WordNetLemmatizer does nouns

  friend bool operator==(const CleanOptions&, const CleanOptions&) = default;
};

// The names of the steps ("lowercase", "lemmatize", "strip-latex", "strip-urls", "stop-words"), as
// --clean takes them; "none" or nothing is none. Throws InputError for any other, with the nearest.
[[nodiscard]] CleanOptions parse_clean(std::span<const std::string> names);
[[nodiscard]] std::vector<std::string> clean_names(const CleanOptions& options);

// Const and shared between threads.
class Cleaner {
 public:
  // Throws InputError when lemmas are asked for and WordNet is not installed. `wordnet` is where its
  // files lie; by default $WNSEARCHDIR, $WNHOME/dict, or Debian's place.
  explicit Cleaner(const CleanOptions& options, const std::filesystem::path& wordnet = {});
  ~Cleaner();
  Cleaner(Cleaner&&) noexcept;
  Cleaner& operator=(Cleaner&&) noexcept;

  [[nodiscard]] std::string clean(std::string_view text) const;
  [[nodiscard]] const CleanOptions& options() const noexcept;

 private:
  class Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace quire
