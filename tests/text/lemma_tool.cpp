// What compare_lemmas.py compares with NLTK: one word a line in, its lemma a line out. The last line on
// stderr is the seconds that the lemmas took, without reading and writing.
//
//     lemma_tool [REPEATS] < words > lemmas
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "quire/base/error.h"
#include "text/lemmatizer.h"

namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    lines.push_back(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.size(), lines.back().size() + 1));
  }
  return lines;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int repeats = argc > 1 ? std::atoi(argv[1]) : 1;
    const std::string input{std::istreambuf_iterator<char>(std::cin), {}};
    const std::vector<std::string_view> words = lines_of(input);
    const quire::text::Lemmatizer lemmatizer(quire::text::wordnet_directory());
    std::vector<std::string_view> lemmas(words.size());
    const auto start = std::chrono::steady_clock::now();
    for (int repeat = 0; repeat < repeats; ++repeat) {
      for (std::size_t i = 0; i < words.size(); ++i) lemmas[i] = lemmatizer.lemma(words[i]);
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    for (const std::string_view lemma : lemmas) {
      std::fwrite(lemma.data(), 1, lemma.size(), stdout);
      std::fputc('\n', stdout);
    }
    std::fprintf(stderr, "%.6f\n", seconds.count() / repeats);
  } catch (const quire::Error& error) {
    std::fprintf(stderr, "%s\n%s\n", error.what(), error.hint().c_str());
    return 1;
  }
  return 0;
}
