// Which of transformers' classes a directory asks for, and the ids that class gives.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/json.h"
#include "quire/text/tokenizer.h"
#include "support.h"

namespace quire {
namespace {

std::filesystem::path golden(const std::string& name) { return test::fixture("golden/tokenizer") / name; }

// A directory with some golden tokenizer's files and configurations of its own.
class Directory : public test::TemporaryDirectory {
 public:
  Directory(const std::vector<std::string>& files, const Json& config, const Json& tokenizer_config) {
    for (const std::string& file : files) {
      const std::filesystem::path from = golden(file);
      std::filesystem::copy_file(from, *this / from.filename().string());
    }
    if (!config.is_null()) write_file_atomically(*this / "config.json", config.dump());
    if (!tokenizer_config.is_null())
      write_file_atomically(*this / "tokenizer_config.json", tokenizer_config.dump());
  }
  [[nodiscard]] std::unique_ptr<Tokenizer> load() const { return load_tokenizer(path()); }
};

void expect_texts(const Tokenizer& tokenizer, const Json& texts, const std::string& what) {
  for (const Json& one : texts) {
    std::optional<std::string> pair;
    if (!one[1].is_null()) pair = one[1].get<std::string>();
    const Encoding found = tokenizer.encode(one[0].get<std::string>(), pair);
    EXPECT_EQ(found.ids, one[2].get<std::vector<std::int32_t>>()) << what;
    const auto segments = one[3].is_null() ? std::vector<std::uint8_t>(found.ids.size(), 0)
                                           : one[3].get<std::vector<std::uint8_t>>();
    EXPECT_EQ(found.segments, segments) << what;
  }
}

TEST(TokenizerClass, GivesTheIdsOfTransformersForEachClass) {
  const Json cases = read_json(golden("classes.json"));
  EXPECT_GT(cases.size(), 100U);
  for (const Json& one : cases) {
    const std::string what = Json{one["files"], one["config"], one["tokenizer_config"]}.dump();
    const Directory directory(one["files"].get<std::vector<std::string>>(), one["config"],
                              one["tokenizer_config"]);
    const auto tokenizer = directory.load();
    expect_texts(*tokenizer, one["texts"], what);
    // And saved, without the config.json beside it.
    tokenizer->save(directory / "saved");
    expect_texts(*load_tokenizer(directory / "saved"), one["texts"], what + ", saved");
  }
}

TEST(TokenizerClass, OfAnotherKindIsRefusedByName) {
  const std::vector<std::string> merges = {"merges-txt/vocab.json", "merges-txt/merges.txt"};
  const Json bert = {{"model_type", "bert"}};
  for (const char* name : {"HerbertTokenizerFast", "BertJapaneseTokenizer", "XLMRobertaTokenizer",
                           "CamembertTokenizerFast", "BertweetTokenizer", "GPT2Tokenizer"}) {
    const std::string found = "\"tokenizer_class\" is \"" + std::string(name) + "\", expected BertTokenizer";
    for (const auto& files : std::vector<std::vector<std::string>>{
             merges, {"vocab-txt/vocab.txt"}, {"wordpiece/tokenizer.json"}}) {
      EXPECT_ERROR((void)Directory(files, bert, {{"tokenizer_class", name}}).load(), InputError,
                   "tokenizer_config.json\", " + found);
      EXPECT_ERROR(
          (void)Directory(files, {{"model_type", "bert"}, {"tokenizer_class", name}}, nullptr).load(),
          InputError, "/config.json\", " + found);
    }
  }
}

TEST(TokenizerClass, IsToldApartFromTheFilesThatItReads) {
  const std::vector<std::string> merges = {"merges-txt/vocab.json", "merges-txt/merges.txt"};
  const std::vector<std::string> lines = {"vocab-txt/vocab.txt"};
  const Json bert = {{"model_type", "bert"}};
  const Json roberta = {{"model_type", "roberta"}};
  EXPECT_ERROR((void)Directory(merges, bert, nullptr).load(), InputError,
               "has its vocabulary in vocab.json and merges.txt, but BertTokenizer reads vocab.txt");
  EXPECT_ERROR((void)Directory(lines, roberta, nullptr).load(), InputError,
               "has its vocabulary in vocab.txt, but RobertaTokenizer reads vocab.json and merges.txt");
  EXPECT_ERROR((void)Directory(lines, bert, {{"tokenizer_class", "PreTrainedTokenizerFast"}}).load(),
               InputError, "reads tokenizer.json");
  EXPECT_ERROR((void)Directory({"byte-level/tokenizer.json"}, bert, nullptr).load(), InputError,
               "holds byte-level BPE, but BertTokenizer takes WordPiece");
  EXPECT_ERROR((void)Directory({"wordpiece/tokenizer.json"}, roberta, nullptr).load(), InputError,
               "holds WordPiece, but RobertaTokenizer takes byte-level BPE");
  EXPECT_ERROR((void)Directory(lines, {{"model_type", "xlm"}}, nullptr).load(), InputError,
               "\"model_type\" is \"xlm\", expected one whose tokenizer is known");
  EXPECT_ERROR(
      (void)Directory(lines, bert, {{"auto_map", {{"AutoTokenizer", {"a.Tokenizer", nullptr}}}}}).load(),
      InputError, "code of the model's own");
  // Of a model that says nothing, the files decide.
  EXPECT_EQ(Directory(lines, nullptr, nullptr).load()->segments(true), 2);
  EXPECT_EQ(Directory(merges, nullptr, nullptr).load()->segments(true), 1);
  EXPECT_EQ(Directory({"wordpiece/tokenizer.json"}, {{"model_type", "xlm"}}, nullptr).load()->segments(true),
            2);
}

}  // namespace
}  // namespace quire
