#include "quire/text/clean.h"

#include <gtest/gtest.h>

#include <chrono>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/text/lower_case.h"
#include "support.h"
#include "text/lemmatizer.h"

namespace quire {
namespace {

std::string clean(std::string_view text, const CleanOptions& options) { return Cleaner(options).clean(text); }

TEST(Cleaner, MakesWhiteSpaceSingleSpaces) {
  EXPECT_EQ(clean(" a\t b\n\nc\u00A0\u2003d \r\n", {}), "a b c d");
  EXPECT_EQ(clean("", {}), "");
  EXPECT_EQ(clean(" \n\u3000", {}), "");
  EXPECT_EQ(clean("Kept As It Is, $x$ http://a.b", {}), "Kept As It Is, $x$ http://a.b");
}

TEST(Cleaner, LowersByUnicodesRules) {
  const CleanOptions options{.lowercase = true};
  EXPECT_EQ(clean("Deep LEARNING", options), "deep learning");
  EXPECT_EQ(clean("ÄÖÜ ẞ ÇA ЖУК", options), "äöü ß ça жук");
  EXPECT_EQ(clean("ΟΔΥΣΣΕΥΣ ΣΑΣ Σ Α'Σ.", options), "οδυσσευς σας σ α'ς.");  // a final sigma
  EXPECT_EQ(clean("ΑΣ'Α", options), "ασ'α");                                // and one that is not
  EXPECT_EQ(clean("İ", options), "i\u0307");
}

TEST(Cleaner, StripsLatex) {
  const CleanOptions options{.strip_latex = true};
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"(a bound of $O(n^2)$ holds)", "a bound of holds"},
      {R"($$x = y$$ here \[a\] and \(b\))", "here and"},
      {R"(costs $5 or $10 each)", "costs $5 or $10 each"},
      {R"(an \emph{important} \textbf{word})", "an important word"},
      {R"(as in \cite[p. 3]{knuth84,lamport} and~\ref{fig:a})", "as in and"},
      {R"(G\"odel, \'{E}cole, Ho\v{s}ek)", "Gödel, École, Hošek"},
      {R"(50\% of R\&D in \$)", "50% of R&D in $"},
      {R"(\begin{equation*} a = b \end{equation*} after)", "after"},
      {R"(\begin{itemize}\item one\end{itemize})", "one"},
      {R"(unclosed $x and \( too)", "unclosed $x and too"},
      {"ends with \\", "ends with"},
      {R"(\href{http://a.b}{a link})", "a link"},
      {R"(\alpha-stable)", "-stable"},
      {R"(\Übung)", "Übung"}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(clean(text, options), expected) << text;
}

TEST(Cleaner, AccentsOfLatexJoinTheirLetters) {
  const CleanOptions options{.strip_latex = true};
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"(na\"ive na{\"\i}ve na\"{\i}ve)", "naïve naïve naïve"},
      {R"(\'e {\"o} \^{a} \`{E} \~n \=a \.z)", "é ö â È ñ ā ż"},
      {R"(Fran\c{c}ois \c c \v s \H{o} \u{g} \k{a} \r{u} \d{h})", "François ç š ő ğ ą ů ḥ"},
      {R"(\L\'od\'z, S\o ren, S\o{}ren, gro\ss{}e, {\AA}ngstr\"om)", "Łódź, Søren, Søren, große, Ångström"},
      {R"(\"q)", "q\u0308"},
      {R"(a\' b, a\'1, ends \")", "a b, a1, ends"},
      {R"(\'\item x)", "x"},
      {R"(\i)", "ı"}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(clean(text, options), expected) << text;
}

// Each opening of a megabyte of them waits for what closes it, and none does: the end is looked for once.
TEST(Cleaner, StripsUnclosedLatexInOnePass) {
  const CleanOptions options{.strip_latex = true};
  const auto start = std::chrono::steady_clock::now();
  for (const char* opening : {"{", "$", "$$ ", "$\\$", "\\(", "\\[", "\\cite{", "\\cite[", "\\emph[",
                              "\\begin{equation}", "\\begin{align*}", "\\begin{", "\\\"{", "\\c{", "\\"}) {
    std::string text;
    while (text.size() < (1U << 20)) text += opening;
    (void)clean(text, options);
  }
  // In the square of their number they take minutes each.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Cleaner, StripsUrls) {
  const CleanOptions options{.strip_urls = true};
  EXPECT_EQ(clean("see https://a.org/x?y=1#z.", options), "see .");
  EXPECT_EQ(clean("(HTTP://A.B/c) and www.d.e, ftp://f", options), "( ) and ,");
  EXPECT_EQ(clean("<http://a.b> \"http://c.d\"", options), "< > \" \"");
  EXPECT_EQ(clean("awww. www. http:// xhttp://y", options), "awww. www. http:// xhttp://y");
}

TEST(Cleaner, DropsStopWords) {
  EXPECT_EQ(clean("The proof of THE theorem is in it", {.stop_words = true}), "proof theorem");
  EXPECT_EQ(clean("Of", {.stop_words = true}), "");
}

TEST(Cleaner, ReplacesMalformedUtf8) {
  EXPECT_EQ(clean("a\xFF\xCE Z", {.lowercase = true}), "a\uFFFD\uFFFD z");
}

TEST(Cleaner, NamesOfStepsAreReadAndWritten) {
  const std::vector<std::string> names = {"strip-latex", "lowercase", "stop-words"};
  EXPECT_EQ(clean_names(parse_clean(names)), names);
  EXPECT_EQ(parse_clean(std::vector<std::string>{"none"}), CleanOptions{});
  EXPECT_EQ(parse_clean({}), CleanOptions{});
  try {
    (void)parse_clean(std::vector<std::string>{"lemmatise"});
    ADD_FAILURE();
  } catch (const InputError& error) {
    EXPECT_EQ(error.hint(), "did you mean lemmatize?");
  }
  EXPECT_ERROR((void)parse_clean(std::vector<std::string>{"none", "lowercase"}), InputError,
               "exclude each other");
}

// ---- Lemmas ----

// A dictionary of a few nouns, where the real one is not needed.
class SmallWordNet {
 public:
  SmallWordNet() {
    write_file_atomically(directory_ / "index.noun",
                          "  1 A licence.\ndog n 1 0 1 0 1\nclass n 1\nax n 1\naxis n 1\nwolf n 1\nlens n 1\n"
                          "lady n 1\nman n 1\nmen n 1\nus n 1\nu n 1\n");
    write_file_atomically(directory_ / "noun.exc", "axes ax axis\naxes axis ax\nmen man\ngeese goose\n");
  }
  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }

 private:
  test::TemporaryDirectory directory_;
};

TEST(Lemmatizer, TakesTheShortestNounAndTheFirstOfEquals) {
  const SmallWordNet wordnet;
  const text::Lemmatizer lemmatizer(wordnet.path());
  const std::vector<std::pair<std::string, std::string>> cases = {{"dogs", "dog"},
                                                                  {"classes", "class"},
                                                                  {"wolves", "wolf"},
                                                                  {"ladies", "lady"},
                                                                  {"lens", "lens"},
                                                                  {"us", "u"},
                                                                  {"axes", "ax"},
                                                                  {"men", "men"},
                                                                  {"geese", "geese"},
                                                                  {"Dogs", "Dogs"},
                                                                  {"hardrocks", "hardrocks"},
                                                                  {"s", "s"},
                                                                  {"", ""},
                                                                  {"dogs,", "dogs,"}};
  for (const auto& [word, lemma] : cases) EXPECT_EQ(lemmatizer.lemma(word), lemma) << word;
  EXPECT_EQ(lemmatizer.lemma(std::string(100000, 's')), std::string(100000, 's'));
}

TEST(Lemmatizer, SaysWhatToInstall) {
  const test::TemporaryDirectory empty;
  try {
    const Cleaner cleaner({.lemmatize = true}, empty.path());
    ADD_FAILURE();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("index.noun"), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find("wordnet-base"), std::string::npos) << error.hint();
  }
  write_file_atomically(empty / "index.noun", "dog v 1\n");
  EXPECT_ERROR(const text::Lemmatizer lemmatizer(empty.path()), InputError, "index.noun:1: not a line");
}

TEST(Lemmatizer, AgreesWithNltk) {
  if (!std::filesystem::exists(text::wordnet_directory() / "index.noun")) {
    QUIRE_SKIP("WordNet", "Debian's wordnet-base is not installed");
  }
  const text::Lemmatizer lemmatizer(text::wordnet_directory());
  const std::string golden = read_file(test::fixture("golden/lemmas/lemmas.tsv"));
  std::string_view rest = golden;
  int words = 0;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    const std::size_t tab = line.find('\t');
    EXPECT_EQ(lemmatizer.lemma(line.substr(0, tab)), line.substr(tab + 1));
    ++words;
  }
  EXPECT_GT(words, 150);
}

TEST(Cleaner, LemmatisesRunsOfNonWhiteSpaceAfterLowering) {
  const SmallWordNet wordnet;
  const Cleaner cleaner({.lowercase = true, .lemmatize = true}, wordnet.path());
  EXPECT_EQ(cleaner.clean(" Dogs\nand WOLVES, wolves "), "dog and wolves, wolf");
  const Cleaner all({.lowercase = true, .stop_words = true, .lemmatize = true}, wordnet.path());
  EXPECT_EQ(all.clean("The dogs of us"), "dog");  // stop words go before they could become lemmas
}

}  // namespace
}  // namespace quire
