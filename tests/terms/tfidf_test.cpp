#include "quire/terms/tfidf.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/random.h"
#include "support.h"

namespace quire {
namespace {

struct Golden {
  std::vector<std::string> texts;
  nlohmann::json cases;

  Golden() {
    const auto file = nlohmann::json::parse(read_file(test::fixture("golden/tfidf/cases.json")));
    texts = file.at("texts").get<std::vector<std::string>>();
    cases = file.at("cases");
  }
};

TermOptions term_options(const nlohmann::json& options) {
  TermOptions terms;
  const std::string analyzer = options.value("analyzer", "word");
  terms.analyzer = analyzer == "word"   ? Analyzer::word
                   : analyzer == "char" ? Analyzer::character
                                        : Analyzer::character_within_words;
  const auto range = options.value("ngram_range", std::vector<std::int64_t>{1, 1});
  terms.min_n = range[0];
  terms.max_n = range[1];
  terms.lowercase = options.value("lowercase", true);
  return terms;
}

TfIdfOptions tfidf_options(const nlohmann::json& options) {
  return {.min_df = options.value("min_df", 1.0),
          .max_df = options.value("max_df", 1.0),
          .max_features = options.value("max_features", std::int64_t{0}),
          .sublinear_tf = options.value("sublinear_tf", false),
          .use_idf = options.value("use_idf", true),
          .smooth_idf = options.value("smooth_idf", true),
          .l2_norm = !options.contains("norm")};
}

std::vector<std::int64_t> all_rows(const TermCounts& counts) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(counts.rows()));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

std::vector<std::string> vocabulary_of(const TfIdf& tfidf) {
  std::vector<std::string> terms;
  for (std::int32_t id = 0; id < tfidf.vocabulary().size(); ++id) {
    terms.emplace_back(tfidf.vocabulary().term(id));
  }
  return terms;
}

void expect_equal(const SparseMatrix& a, const SparseMatrix& b) {
  EXPECT_EQ(a.cols, b.cols);
  EXPECT_EQ(a.begins, b.begins);
  EXPECT_EQ(a.columns, b.columns);
  EXPECT_EQ(a.values, b.values);
}

TEST(TfIdf, IsThatOfScikitLearn) {
  const Golden golden;
  for (const auto& one : golden.cases) {
    SCOPED_TRACE(one.at("options").dump());
    TermCounts counts(term_options(one.at("options")));
    counts.append(golden.texts, {});
    const std::vector<std::int64_t> rows = all_rows(counts);
    const TfIdf tfidf =
        TfIdf::fit(counts, std::span(rows).first(rows.size() - 1), tfidf_options(one.at("options")), {});
    ASSERT_EQ(vocabulary_of(tfidf), one.at("vocabulary").get<std::vector<std::string>>());
    const auto idf = one.at("idf").get<std::vector<double>>();
    for (std::size_t i = 0; i < idf.size(); ++i) EXPECT_NEAR(tfidf.idf()[i], idf[i], 1e-12);

    const SparseMatrix matrix = tfidf.transform(counts, rows, {});
    for (const std::int64_t row : rows) {
      const auto columns = matrix.row_columns(row);
      const auto expected =
          one.at("columns").at(static_cast<std::size_t>(row)).get<std::vector<std::int32_t>>();
      ASSERT_EQ(std::vector<std::int32_t>(columns.begin(), columns.end()), expected) << "row " << row;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const double truth = one.at("values").at(static_cast<std::size_t>(row)).at(i).get<double>();
        EXPECT_NEAR(matrix.row_values(row)[i], truth, 1e-6 * std::max(1.0, std::abs(truth)));
      }
    }
  }
}

TEST(TfIdf, IsTheSameAfterSavingAndLoading) {
  const Golden golden;
  const test::TemporaryDirectory directory;
  for (const auto& one : golden.cases) {
    TermCounts counts(term_options(one.at("options")));
    counts.append(golden.texts, {});
    const auto rows = all_rows(counts);
    const TfIdf tfidf = TfIdf::fit(counts, rows, tfidf_options(one.at("options")), {});
    tfidf.save(directory / "tfidf.txt");
    const TfIdf loaded = TfIdf::load(directory / "tfidf.txt");
    EXPECT_EQ(vocabulary_of(loaded), vocabulary_of(tfidf));
    EXPECT_EQ(loaded.term_options(), tfidf.term_options());
    expect_equal(loaded.transform(counts, rows, {}), tfidf.transform(counts, rows, {}));
  }
}

// Words drawn so that many are rare.
std::vector<std::string> random_texts(int count) {
  Random random(11, Purpose::test);
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) {
    std::string text;
    for (std::uint32_t words = random.below(60); words > 0; --words) {
      text += "word" + std::to_string(random.below(1 + random.below(3000))) + " ";
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

TEST(TfIdf, DoesNotDependOnThreadsOrOnHowDocumentsArrive) {
  const std::vector<std::string> texts = random_texts(5000);
  Context three;
  three.threads = 3;
  TermCounts whole({.max_n = 2});
  whole.append(texts, {});
  TermCounts parts({.max_n = 2});
  parts.append(std::span(texts).first(1000), three);
  parts.append(std::span(texts).subspan(1000), three);
  const auto rows = all_rows(whole);
  ASSERT_EQ(parts.rows(), whole.rows());
  const TfIdfOptions options{.min_df = 2, .max_features = 2000};
  const TfIdf one = TfIdf::fit(whole, rows, options, {});
  const TfIdf other = TfIdf::fit(parts, rows, options, three);
  EXPECT_EQ(one.vocabulary().size(), 2000);
  EXPECT_EQ(vocabulary_of(one), vocabulary_of(other));
  expect_equal(one.transform(whole, rows, {}), other.transform(parts, rows, three));
}

TEST(TfIdf, KnowsNothingOfRowsItWasNotFittedTo) {
  const std::vector<std::string> texts = random_texts(300);
  TermCounts all, some;
  all.append(texts, {});
  some.append(std::span(texts).first(200), {});
  const TfIdf of_all = TfIdf::fit(all, all_rows(some), {}, {});
  const TfIdf of_some = TfIdf::fit(some, all_rows(some), {}, {});
  EXPECT_EQ(vocabulary_of(of_all), vocabulary_of(of_some));
  EXPECT_TRUE(std::ranges::equal(of_all.idf(), of_some.idf()));
}

TEST(TfIdf, SaysWhenNoTermIsLeft) {
  TermCounts counts;
  counts.append(std::vector<std::string>{"one two", "three four"}, {});
  EXPECT_ERROR((void)TfIdf::fit(counts, all_rows(counts), {.min_df = 2}, {}), InputError,
               "no term of 2 documents");
  EXPECT_ERROR((void)TfIdf::fit(counts, all_rows(counts), {.min_df = -1}, {}), InputError, "min_df is -1");
}

TEST(TfIdf, RefusesDocumentsCutOtherwise) {
  TermCounts words, pairs({.max_n = 2});
  words.append(std::vector<std::string>{"one two"}, {});
  pairs.append(std::vector<std::string>{"one two"}, {});
  const TfIdf tfidf = TfIdf::fit(words, all_rows(words), {}, {});
  EXPECT_ERROR((void)tfidf.transform(pairs, all_rows(pairs), {}), Error, "other terms");
}

TEST(TfIdf, RefusesADamagedFile) {
  const test::TemporaryDirectory directory;
  TermCounts counts;
  counts.append(std::vector<std::string>{"one two three"}, {});
  TfIdf::fit(counts, all_rows(counts), {}, {}).save(directory / "good.txt");
  const std::string good = read_file(directory / "good.txt");
  const std::vector<std::pair<std::string, std::string>> damages = {
      {"", "is empty"},
      {"{}\n", ":1 has no number of its format: an older Quire wrote it"},
      {"{\"format\":2}\n", ":1 was written by a newer Quire (format 2); this one reads up to 1"},
      {"{\"format\":1,\"analyzer\":\"x\"}\n", "\"analyzer\" is \"x\", expected word, char or char_wb"},
      {good + "1.5 two\n", ":5: not a TF-IDF vocabulary"},
      {good + "1.5 \"two\"\n", "the term 'two' occurs twice"},
      {good + "\n", ":5: not a TF-IDF vocabulary"}};
  for (const auto& [content, message] : damages) {
    write_file_atomically(directory / "bad.txt", content);
    EXPECT_ERROR((void)TfIdf::load(directory / "bad.txt"), InputError, message);
  }
}

TEST(TermCounts, RefusesNgramsThatMakeNoSense) {
  EXPECT_ERROR((void)TermCounts({.min_n = 0}), InputError, "n-grams of 0 to 1");
  EXPECT_ERROR((void)TermCounts({.min_n = 3, .max_n = 2}), InputError, "n-grams of 3 to 2");
}

TEST(TermCounts, TakesMalformedUtf8) {
  TermCounts counts({.analyzer = Analyzer::character_within_words, .min_n = 1, .max_n = 3});
  counts.append(std::vector<std::string>{"a\xFF\xCE", "\xE2\x82", "\xF0\x9F\x99 \x80"}, {});
  EXPECT_EQ(counts.rows(), 3);
  EXPECT_GE(counts.terms().find("\xEF\xBF\xBD", TermTable::hash("\xEF\xBF\xBD")), 0);
}

}  // namespace
}  // namespace quire
