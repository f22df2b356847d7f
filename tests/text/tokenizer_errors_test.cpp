// What is wrong with a tokenizer's files is said, whatever it is.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/random.h"
#include "quire/text/tokenizer.h"
#include "support.h"

namespace quire {
namespace {

using Json = nlohmann::json;

std::string golden(const std::string& name) { return read_file(test::fixture("golden/tokenizer") / name); }

// A directory with one file.
class Directory {
 public:
  void write(const std::string& name, std::string_view content) {
    std::ofstream(directory_ / name, std::ios::binary) << content;
  }
  [[nodiscard]] std::unique_ptr<Tokenizer> load() const { return load_tokenizer(directory_.path()); }

 private:
  test::TemporaryDirectory directory_;
};

// Loads the golden tokenizer `name` after `change` has been at its tokenizer.json.
template <typename Change>
std::unique_ptr<Tokenizer> load_changed(const std::string& name, Change change) {
  Json document = Json::parse(golden(name + "/tokenizer.json"));
  change(document);
  Directory directory;
  directory.write("tokenizer.json", document.dump());
  return directory.load();
}

#define EXPECT_CHANGE_ERROR(name, change, part) \
  EXPECT_ERROR((void)load_changed(name, [](Json& json) { change; }), InputError, part)

TEST(TokenizerErrors, NameWhatIsNotSupported) {
  EXPECT_CHANGE_ERROR("wordpiece", json["model"]["type"] = "Unigram", "\"Unigram\" is not supported");
  EXPECT_CHANGE_ERROR("wordpiece", json["normalizer"] = (Json{{"type", "NFKC"}}),
                      "\"NFKC\" is not supported");
  EXPECT_CHANGE_ERROR("wordpiece", json["pre_tokenizer"]["type"] = "Whitespace",
                      "\"Whitespace\" is not supported");
  EXPECT_CHANGE_ERROR("wordpiece", json["pre_tokenizer"] = nullptr, "there is no \"pre_tokenizer\"");
  EXPECT_CHANGE_ERROR("wordpiece", json["post_processor"]["type"] = "Other", "\"Other\" is not supported");
  EXPECT_CHANGE_ERROR("byte-level", json["normalizer"] = (Json{{"type", "NFC"}}), "\"NFC\" is not supported");
  EXPECT_CHANGE_ERROR("byte-level", json["pre_tokenizer"]["use_regex"] = false, "regular expression");
  EXPECT_CHANGE_ERROR("byte-level", json["pre_tokenizer"]["type"] = "Metaspace",
                      "\"Metaspace\" is not supported");
  EXPECT_CHANGE_ERROR("byte-level", json["model"]["dropout"] = 0.1, "\"dropout\"");
  EXPECT_CHANGE_ERROR("byte-level", json["model"]["byte_fallback"] = true, "\"byte_fallback\"");
  EXPECT_CHANGE_ERROR("byte-level", json["model"]["end_of_word_suffix"] = "</w>", "\"end_of_word_suffix\"");
}

// As files of the first releases of `tokenizers` are.
TEST(TokenizerErrors, AreNotMadeOfAModelWithoutAType) {
  for (const char* name : {"wordpiece", "byte-level"}) {
    const auto tokenizer = load_changed(name, [](Json& json) { json["model"].erase("type"); });
    const auto unchanged = load_changed(name, [](Json&) {});
    EXPECT_EQ(tokenizer->encode("the training").ids, unchanged->encode("the training").ids);
  }
  EXPECT_CHANGE_ERROR("wordpiece", json["model"] = (Json{{"vocab", {{"a", 1}}}}),
                      "\"WordLevel\" is not supported");
}

TEST(TokenizerErrors, NameWhatIsMissingOrWrong) {
  EXPECT_CHANGE_ERROR("wordpiece", json.erase("model"), "\"model\" is missing");
  EXPECT_CHANGE_ERROR("wordpiece", json["model"].erase("vocab"), "\"vocab\" is missing");
  EXPECT_CHANGE_ERROR("wordpiece", json["model"]["vocab"] = Json::array(),
                      "\"vocab\" is [], expected an object");
  EXPECT_CHANGE_ERROR("wordpiece", json["model"]["vocab"]["the"] = -1,
                      "\"the\" is -1, expected a whole number from 0 to");
  EXPECT_CHANGE_ERROR("wordpiece", json["model"]["vocab"]["the"] = 4294967296,
                      "\"the\" is 4294967296, expected");
  EXPECT_CHANGE_ERROR("wordpiece", json["model"]["unk_token"] = "[NO]", "lacks the unknown token \"[NO]\"");
  EXPECT_CHANGE_ERROR("wordpiece", json["model"]["max_input_chars_per_word"] = "x",
                      "is \"x\", expected a whole number");
  EXPECT_CHANGE_ERROR("wordpiece", json["normalizer"]["lowercase"] = 1,
                      "\"lowercase\" is 1, expected true or false");
  EXPECT_CHANGE_ERROR("wordpiece", json["added_tokens"][2].erase("content"),
                      "entry 3: \"content\" is missing");
  EXPECT_CHANGE_ERROR("wordpiece-added", json["added_tokens"][9]["content"] = "\u0301",
                      "empty once it is normalized");
  EXPECT_CHANGE_ERROR("wordpiece", json["post_processor"]["special_tokens"].erase("[SEP]"),
                      "\"[SEP]\" is missing");
  EXPECT_CHANGE_ERROR("wordpiece", json["post_processor"]["special_tokens"]["[SEP]"]["ids"] = {99999},
                      "there is no token with the id 99999");
  EXPECT_CHANGE_ERROR("wordpiece", json["post_processor"]["single"][1]["Sequence"]["id"] = "B",
                      "no second one");
  EXPECT_CHANGE_ERROR("wordpiece", json["post_processor"]["pair"][3]["Sequence"]["type_id"] = 256,
                      "from 0 to 255");
  EXPECT_CHANGE_ERROR("byte-level", json["model"]["merges"][3] = "one two three", "a merge is two tokens");
  EXPECT_CHANGE_ERROR("byte-level", json["model"]["merges"][3] = (Json{"t", "Q!"}),
                      "which the vocabulary lacks");
  EXPECT_CHANGE_ERROR("byte-level", json["model"]["merges"][3] = 7, "expected two tokens");
}

TEST(TokenizerErrors, NameTheFile) {
  Directory empty;
  EXPECT_ERROR((void)empty.load(), InputError, "holds no tokenizer");
  Directory broken;
  broken.write("tokenizer.json", "{\n\n\"model\": ");
  EXPECT_ERROR((void)broken.load(), InputError, "tokenizer.json:3: this is not JSON");
  Directory bytes;
  bytes.write("vocab.txt", "[UNK]\n\xFF\n");
  EXPECT_ERROR((void)bytes.load(), InputError, "not valid UTF-8");
  Directory lacking;
  lacking.write("vocab.txt", "the\nof\n");
  EXPECT_ERROR((void)lacking.load(), InputError, "lacks the unknown token \"[UNK]\"");
  Directory merges;
  merges.write("vocab.json", golden("merges-txt/vocab.json"));
  merges.write("merges.txt", "#version: 0.2\nt h\nt  h\n");
  EXPECT_ERROR((void)merges.load(), InputError, "merges.txt:3: a merge is two tokens");
}

// A hostile file is refused with an InputError or makes a tokenizer that works: nothing else.
// Returns whether it was refused.
bool is_refused(const Directory& directory) {
  try {
    const auto tokenizer = directory.load();
    (void)tokenizer->encode("The [MASK] tokenization, isn't <mask> \u4e2d\u6587 caf\u00e9", "of \xFF words",
                            0);
    const test::TemporaryDirectory saved;
    tokenizer->save(saved.path());
    return false;
  } catch (const InputError&) {
    return true;
  }
}

// Every value in `json`, however deep.
void collect(Json& json, std::vector<Json*>& values) {
  values.push_back(&json);
  if (json.is_structured()) {
    for (Json& member : json) collect(member, values);
  }
}

// Replaces or removes one value, most of them outside the vocabulary.
void mutate(Json& document, Random& random) {
  std::vector<Json*> values;
  Json& where =
      random.below(4) == 0 ? document : document[random.below(2) == 0 ? "post_processor" : "added_tokens"];
  collect(random.below(8) == 0 ? document["model"] : where, values);
  Json& value = *values[random.below(static_cast<std::uint32_t>(values.size()))];
  const std::vector<Json> replacements{nullptr,
                                       true,
                                       -1,
                                       0,
                                       1e300,
                                       4294967296,
                                       4194303,
                                       "",
                                       "[MASK]",
                                       "\u0301",
                                       Json::array(),
                                       Json::object(),
                                       Json::array({1, "a"}),
                                       {{"type", "ByteLevel"}}};
  if (value.is_structured() && !value.empty() && random.below(3) == 0) {
    value.erase(std::next(value.begin(), random.below(static_cast<std::uint32_t>(value.size()))));
  } else {
    value = replacements[random.below(static_cast<std::uint32_t>(replacements.size()))];
  }
}

constexpr std::chrono::seconds kFuzzTime{2};

TEST(TokenizerFuzz, ChangedDocumentsAreRefusedOrWork) {
  Random random(42, Purpose::test);
  const std::vector<Json> documents{Json::parse(golden("wordpiece-added/tokenizer.json")),
                                    Json::parse(golden("byte-level-prefix/tokenizer.json"))};
  int refused = 0;
  int accepted = 0;
  const auto end = std::chrono::steady_clock::now() + kFuzzTime;
  while (std::chrono::steady_clock::now() < end) {
    Json document = documents[random.below(2)];
    for (std::uint32_t changes = 1 + random.below(3); changes > 0; --changes) {
      if (document.is_object()) mutate(document, random);
    }
    Directory directory;
    directory.write("tokenizer.json", document.dump());
    ++(is_refused(directory) ? refused : accepted);
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(accepted, 0);
}

TEST(TokenizerFuzz, ChangedBytesAreRefusedOrWork) {
  Random random(43, Purpose::test);
  const std::vector<std::pair<std::string, std::string>> files{
      {"wordpiece", "tokenizer.json"}, {"byte-level", "tokenizer.json"}, {"vocab-txt", "vocab.txt"}};
  int tried = 0;
  const auto end = std::chrono::steady_clock::now() + kFuzzTime;
  while (std::chrono::steady_clock::now() < end) {
    const auto& [name, file] = files[random.below(static_cast<std::uint32_t>(files.size()))];
    std::string content = golden(name + "/" + file);
    for (std::uint32_t changes = 1 + random.below(4); changes > 0; --changes) {
      const std::uint32_t place = random.below(static_cast<std::uint32_t>(content.size()));
      switch (random.below(4)) {
        case 0:
          content.resize(place + 1);
          break;
        case 1:
          content.erase(place, random.below(20));
          break;
        case 2:
          content.insert(place, content.substr(random.below(static_cast<std::uint32_t>(content.size())), 15));
          break;
        default:
          content[place] = static_cast<char>(random.below(256));
      }
      if (content.empty()) content.push_back('x');
    }
    Directory directory;
    directory.write(file, content);
    (void)is_refused(directory);
    ++tried;
  }
  EXPECT_GT(tried, 10);
}

TEST(TokenizerFuzz, DeepAndWideDocumentsAreRefused) {
  for (const std::string& content :
       {std::string(1'000'000, '['), std::string(200'000, '[') + std::string(200'000, ']'),
        R"({"model": {"type": "WordPiece", "vocab": )" + std::string(100'000, '{'), std::string("null"),
        std::string("\"tokenizer\""), std::string()}) {
    Directory directory;
    directory.write("tokenizer.json", content);
    EXPECT_TRUE(is_refused(directory));
  }
}

}  // namespace
}  // namespace quire
