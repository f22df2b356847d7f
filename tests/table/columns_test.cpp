#include "quire/table/columns.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "quire/base/error.h"
#include "table_support.h"

namespace quire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Header = std::vector<std::string>;

// The values of no column repeat, but those of columns named in `repeating`.
Columns resolve(const Header& header, const ColumnFlags& flags = {},
                LabelColumn label = LabelColumn::required, const Header& repeating = {}) {
  return resolve_columns(header, flags, label, "t.tsv", [&](std::span<const std::size_t> columns) {
    std::vector<bool> repeats;
    for (const std::size_t column : columns)
      repeats.push_back(std::ranges::find(repeating, header[column]) != repeating.end());
    return repeats;
  });
}

// The message of the error.
std::string refusal(const Header& header, const ColumnFlags& flags = {}) {
  try {
    (void)resolve(header, flags);
  } catch (const InputError& error) {
    return std::string(error.what()) + "\n" + error.hint();
  }
  ADD_FAILURE() << "no error";
  return {};
}

ColumnFlags text_flag(std::vector<std::string> names) {
  ColumnFlags flags;
  flags.text = std::move(names);
  return flags;
}

TEST(Columns, AreGuessedFromTheHeader) {
  const Columns columns = resolve({"paperid", "title", "abstract", "categories"});
  EXPECT_EQ(columns.id, 0U);
  EXPECT_THAT(columns.text, ElementsAre(1U, 2U));
  EXPECT_EQ(columns.label, 3U);
  EXPECT_EQ(columns.group, std::nullopt);
  EXPECT_EQ(columns.id_name, "paperid");
  EXPECT_EQ(columns.label_name, "categories");
  EXPECT_EQ(columns.group_name, "");
  EXPECT_THAT(columns.text_names, ElementsAre("title", "abstract"));
}

TEST(Columns, GuessesAreTold) {
  EXPECT_THAT(resolve({"paperid", "title", "abstract", "categories"}).guesses,
              ElementsAre("label: column 'categories', by its name", "id: column 'paperid', by its name",
                          "text: columns 'title' and 'abstract', as a pair"));
  EXPECT_THAT(resolve({"text", "topic"}).guesses,
              ElementsAre("label: column 'topic', the last one",
                          "id: no such column, rows are numbered from 0", "text: column 'text'"));
}

TEST(Columns, NothingIsGuessedThatFlagsName) {
  ColumnFlags flags;
  flags.id = "a";
  flags.text = {"d", "b"};
  flags.label = "c";
  flags.group = "e";
  const Columns columns = resolve({"a", "b", "c", "d", "e"}, flags);
  EXPECT_EQ(columns.id, 0U);
  EXPECT_THAT(columns.text, ElementsAre(3U, 1U)) << "in the order of the flag";
  EXPECT_EQ(columns.label, 2U);
  EXPECT_EQ(columns.group, 4U);
  EXPECT_EQ(columns.group_name, "e");
  EXPECT_TRUE(columns.guesses.empty());
}

TEST(Columns, EveryLabelNameIsKnown) {
  for (const char* name :
       {"label", "labels", "category", "categories", "class", "target", "y", "Label", "CLASS", "Y"}) {
    const Columns columns = resolve({name, "text", "source"});
    EXPECT_EQ(columns.label_name, name);
    EXPECT_THAT(columns.text_names, ElementsAre("text", "source"));
  }
}

TEST(Columns, TheFirstOfTheLabelNamesWins) {
  EXPECT_EQ(resolve({"target", "text", "label"}).label_name, "label");
  EXPECT_EQ(resolve({"y", "text", "class"}).label_name, "class");
}

TEST(Columns, WithoutALabelNameTheLastColumnIsTheLabel) {
  EXPECT_EQ(resolve({"text", "topic"}).label_name, "topic");
  EXPECT_EQ(resolve({"topic", "text"}, text_flag({"text"})).label_name, "topic");
}

TEST(Columns, AFileToPredictMayLackTheLabel) {
  const Columns columns = resolve({"paperid", "title", "abstract"}, {}, LabelColumn::optional);
  EXPECT_EQ(columns.label, std::nullopt);
  EXPECT_EQ(columns.label_name, "");
  EXPECT_THAT(columns.text_names, ElementsAre("title", "abstract"));
  ColumnFlags flags = text_flag({"title"});
  flags.label = "categories";  // of the run
  EXPECT_EQ(resolve({"paperid", "title"}, flags, LabelColumn::optional).label, std::nullopt);
  EXPECT_EQ(resolve({"title", "categories"}, flags, LabelColumn::optional).label, 1U);
  EXPECT_THROW((void)resolve({"paperid", "title"}, flags), InputError);
}

TEST(Columns, ALabelColumnInAFileToPredictIsNotText) {
  const Columns columns = resolve({"id", "text", "label"}, {}, LabelColumn::optional);
  EXPECT_EQ(columns.label, 2U);
  EXPECT_THAT(columns.text_names, ElementsAre("text"));
}

TEST(Columns, IdIsExactBeforeItIsAnEnding) {
  EXPECT_EQ(resolve({"paperid", "id", "text", "label"}).id_name, "id");
  EXPECT_EQ(resolve({"doc_id", "other_id", "text", "label"}).id_name, "doc_id");
  EXPECT_EQ(resolve({"PaperID", "text", "label"}).id_name, "PaperID");
  EXPECT_EQ(resolve({"text", "label"}).id, std::nullopt);
  EXPECT_EQ(resolve({"text", "label"}).id_name, "id");
}

TEST(Columns, ANameThatEndsInIdIsTheIdOnlyWhereValuesDoNotRepeat) {
  for (const char* name : {"grid", "paid", "android", "user_id"}) {
    const Columns columns = resolve({name, "text", "label"}, {}, LabelColumn::required, {name});
    EXPECT_EQ(columns.id, std::nullopt) << name;
    EXPECT_EQ(columns.id_name, "id");
    EXPECT_THAT(columns.text_names, ElementsAre(name, "text")) << "text is every other column";
    EXPECT_EQ(columns.guesses[1],
              "id: no such column (values of '" + std::string(name) + "' repeat), rows are numbered from 0");
    EXPECT_EQ(resolve({name, "text", "label"}).id, 0U) << name;
  }
  EXPECT_EQ(resolve({"grid", "paperid", "text", "label"}, {}, LabelColumn::required, {"grid"}).id_name,
            "paperid");
  EXPECT_EQ(resolve({"id", "text", "label"}, {}, LabelColumn::required, {"id"}).id_name, "id")
      << "what is called just that is the id, and its repetitions are reported";
}

TEST(Columns, ThatAnIdIsReadAsTextIsADoubt) {
  for (const char* name : {"user_id", "user-id", "userId", "userID", "USER_ID"}) {
    EXPECT_THAT(resolve({name, "text", "label"}, {}, LabelColumn::required, {name}).doubts,
                ElementsAre(HasSubstr("'" + std::string(name) + "' of 't.tsv' is named like an id")));
  }
  for (const char* name : {"grid", "PAID", "android", "userid"})
    EXPECT_TRUE(resolve({name, "text", "label"}, {}, LabelColumn::required, {name}).doubts.empty()) << name;
  EXPECT_TRUE(resolve({"user_id", "text", "label"}, text_flag({"text"}), LabelColumn::required, {"user_id"})
                  .doubts.empty());
}

TEST(Columns, AColumnNamedLikeAnIdIsNeverGuessedAsTheLabel) {
  const Columns columns = resolve({"text", "sentiment", "user_id"});
  EXPECT_EQ(columns.label_name, "sentiment");
  EXPECT_EQ(columns.id_name, "user_id");
  EXPECT_THAT(columns.guesses[0], "label: column 'sentiment', the last one that is not named like an id");
  EXPECT_EQ(resolve({"text", "sentiment", "user_id"}, {}, LabelColumn::required, {"user_id"}).label_name,
            "sentiment");
  EXPECT_THAT(refusal({"text", "paid"}),
              HasSubstr("it is not clear which column of 't.tsv' holds the labels: "
                        "'paid' is named like an id\nname the label column with "
                        "--label"));
  EXPECT_THAT(refusal({"text", "user_id"}, text_flag({"text"})), HasSubstr("'user_id' is named like an id"));
  ColumnFlags flags;
  flags.label = "paid";
  EXPECT_EQ(resolve({"text", "paid"}, flags).label_name, "paid");
}

TEST(Columns, AnIdIsNotGuessedWhereItWouldTakeTheOnlyText) {
  const Columns columns = resolve({"covid", "label"});
  EXPECT_EQ(columns.id, std::nullopt);
  EXPECT_THAT(columns.text_names, ElementsAre("covid"));
}

TEST(Columns, TheIdOfARunMayBeMissing) {
  ColumnFlags flags = text_flag({"text"});
  flags.id = "paperid";
  EXPECT_ERROR((void)resolve({"text"}, flags, LabelColumn::optional), InputError, "'paperid' (--id)");
  flags.id_may_be_missing = true;
  const Columns columns = resolve({"text"}, flags, LabelColumn::optional);
  EXPECT_EQ(columns.id, std::nullopt);
  EXPECT_EQ(columns.id_name, "id");
  EXPECT_THAT(columns.guesses, ElementsAre("id: no column 'paperid', rows are numbered from 0"));
  EXPECT_EQ(resolve({"text", "paperid"}, flags, LabelColumn::optional).id, 1U);
  EXPECT_EQ(resolve({"id", "text"}, flags, LabelColumn::optional).id, 0U) << "another will do";
}

// The values, of a file and of a pipe.
class GuessedIds : public testing::Test {
 protected:
  Columns resolve_file(std::string_view content) {
    TableReader reader(test::put(directory_, "t.tsv", content));
    Columns columns = resolve_columns(reader, {}, LabelColumn::required, recorder_.context());
    EXPECT_TRUE(reader.next(row_)) << "no row is lost";
    return columns;
  }
  test::TemporaryDirectory directory_;
  test::Recorder recorder_;
  TableRow row_;
};

TEST_F(GuessedIds, AreToldByTheirValues) {
  EXPECT_EQ(resolve_file("paperid\ttext\tlabel\n1\tx\ta\n2\tx\tb\n").id, 0U);
  EXPECT_EQ(row_.fields[0], "1");
  EXPECT_EQ(resolve_file("paid\ttext\tlabel\n1\tx\ta\n 1 \tx\tb\n").id, std::nullopt) << "trimmed";
  EXPECT_THAT(recorder_.infos.back(), "text: columns 'paid' and 'text', as a pair");
  EXPECT_TRUE(recorder_.warnings.empty());
  (void)resolve_file("user_id\ttext\tlabel\n1\tx\ta\n1\tx\tb\n");
  EXPECT_THAT(recorder_.warnings, ElementsAre(HasSubstr("'user_id'")));
}

TEST_F(GuessedIds, OfAFileAreComparedToItsEnd) {
  std::string content = "userid\ttext\tlabel\n";
  for (int i = 0; i < 5000; ++i) content += std::to_string(i) + "\tx\ta\n";
  EXPECT_EQ(resolve_file(content).id, 0U);
  EXPECT_EQ(resolve_file(content + "17\tx\ta\n").id, std::nullopt);
}

TEST_F(GuessedIds, OfAPipeAreComparedAsFarAsIsReadAhead) {
  const auto through_a_pipe = [&](const std::string& content) {
    std::filesystem::remove(directory_ / "pipe.tsv");
    EXPECT_EQ(::mkfifo((directory_ / "pipe.tsv").c_str(), 0600), 0);
    std::thread writer([&] { std::ofstream(directory_ / "pipe.tsv") << content; });
    TableReader reader(directory_ / "pipe.tsv");
    const Columns columns = resolve_columns(reader, {}, LabelColumn::required, {});
    int rows = 0;
    for (TableRow row; reader.next(row); ++rows) EXPECT_EQ(row.fields[1], std::to_string(rows));
    writer.join();
    EXPECT_EQ(rows, 3000) << "every row once";
    return columns.id;
  };
  std::string unique = "userid\ttext\tlabel\n";
  std::string repeating = unique;
  for (int i = 0; i < 3000; ++i) {
    unique += fmt::format("{}\t{}\ta\n", i, i);
    repeating += fmt::format("{}\t{}\ta\n", i % 700, i);
  }
  EXPECT_EQ(through_a_pipe(unique), 0U);
  EXPECT_EQ(through_a_pipe(repeating), std::nullopt);
}

TEST(Columns, AColumnThatAFlagNamesIsNotGuessedAgain) {
  ColumnFlags flags = text_flag({"covid"});
  EXPECT_EQ(resolve({"covid", "label"}, flags).id, std::nullopt);
  flags = {};
  flags.label = "valid";
  EXPECT_EQ(resolve({"text", "valid"}, flags).id, std::nullopt);
  flags = text_flag({"label"});
  EXPECT_EQ(resolve({"label", "topic"}, flags).label_name, "topic");
}

TEST(Columns, TheGroupIsOnlyEverNamed) {
  ColumnFlags flags;
  flags.group = "source";
  const Columns columns = resolve({"text", "source", "label"}, flags);
  EXPECT_EQ(columns.group, 1U);
  EXPECT_THAT(columns.text_names, ElementsAre("text"));
  EXPECT_EQ(resolve({"text", "group", "label"}).group, std::nullopt);
}

TEST(Columns, NamesAreMatchedExactlyThenWithoutCase) {
  ColumnFlags flags;
  flags.label = "LABEL";
  EXPECT_EQ(resolve({"text", "Label"}, flags).label_name, "Label");
  EXPECT_EQ(resolve({"text", "Label", "LABEL"}, flags).label_name, "LABEL");
  flags.label = "label";
  EXPECT_ERROR((void)resolve({"text", "Label", "LABEL"}, flags), InputError,
               "two columns that 'label' may mean");
}

TEST(Columns, AMissingOneIsNamedWithThoseThereAre) {
  ColumnFlags flags;
  flags.label = "categorie";
  try {
    (void)resolve({"paperid", "title", "categories"}, flags);
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "'t.tsv' has no column 'categorie' (--label); it has 'paperid', 'title' and 'categories'");
    EXPECT_EQ(error.hint(), "did you mean 'categories'?");
  }
  EXPECT_ERROR((void)resolve({"a", "label"}, text_flag({"b"})), InputError, "'b' (--text)");
}

TEST(Columns, AreNotUsedTwice) {
  ColumnFlags flags = text_flag({"text", "text"});
  EXPECT_ERROR((void)resolve({"text", "label"}, flags), InputError, "twice");
  flags = text_flag({"text", "label"});
  flags.label = "label";
  EXPECT_ERROR((void)resolve({"text", "label"}, flags), InputError, "cannot be the label and text at once");
  flags = {};
  flags.id = "label";
  flags.label = "label";
  EXPECT_ERROR((void)resolve({"text", "label"}, flags), InputError, "cannot be the label and the id at once");
}

TEST(Columns, IdAndGroupMayBeOne) {
  ColumnFlags flags;
  flags.id = "source";
  flags.group = "source";
  EXPECT_EQ(resolve({"source", "text", "label"}, flags).group, 0U);
}

TEST(Columns, SomeTextMustBeLeft) {
  EXPECT_ERROR((void)resolve({"id", "label"}), InputError, "no column left for the text");
  try {
    (void)resolve({"id,text,label"});
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.hint(), HasSubstr("separated by commas in a .csv file and by tabs"));
  }
  EXPECT_ERROR((void)resolve({"text"}, text_flag({"text"})), InputError, "no column left for the labels");
}

TEST(Columns, UsedOnesNeedANameOfTheirOwn) {
  EXPECT_ERROR((void)resolve({"", "text", "label"}), InputError, "column 1 of 't.tsv' has no name");
  EXPECT_ERROR((void)resolve({"text", "text", "label"}), InputError, "two columns named 'text'");
  EXPECT_ERROR((void)resolve({"text", "label", "label"}), InputError, "two columns named 'label'");
  EXPECT_THAT(resolve({"", "x", "x", "text", "label"}, text_flag({"text"})).text_names, ElementsAre("text"))
      << "columns that are not used may be as they like";
}

}  // namespace
}  // namespace quire
