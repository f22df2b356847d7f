#include "quire/table/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quire/base/error.h"
#include "support.h"

namespace quire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Header = std::vector<std::string>;

Columns resolve(const Header& header, const ColumnFlags& flags = {},
                LabelColumn label = LabelColumn::required) {
  return resolve_columns(header, flags, label, "t.tsv");
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
