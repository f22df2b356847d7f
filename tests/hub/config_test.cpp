#include "quire/hub/config.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "support.h"

namespace quire {
namespace {

EncoderConfig config_of(const std::string& text) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "config.json", text);
  return load_config(directory.path());
}

nlohmann::json saved(const EncoderConfig& config, const std::string& architecture,
                     const std::vector<std::string>& labels,
                     const std::map<std::string, std::string>& extras = {}) {
  const test::TemporaryDirectory directory;
  save_config(directory.path(), config, architecture, labels, extras);
  return nlohmann::json::parse(read_file(directory / "config.json"));
}

TEST(Config, ReadsWhatTransformersWrites) {
  const EncoderConfig config = load_config(test::fixture("golden/encoder/electra/model"));
  EXPECT_EQ(config.family, Family::electra);
  EXPECT_EQ(config.hidden_size, 32);
  EXPECT_EQ(config.embedding_size, 16);
  EXPECT_EQ(config.layers, 2);
  EXPECT_EQ(config.heads, 4);
  EXPECT_EQ(config.intermediate_size, 64);
  EXPECT_EQ(config.max_positions, 40);
  EXPECT_EQ(config.max_length(), 40);
  EXPECT_EQ(config.hidden_dropout, 0.0F);
  EXPECT_EQ(config.architecture, "ElectraForSequenceClassification");
  EXPECT_EQ(config.labels, default_labels(5));
  EXPECT_EQ(load_config(test::fixture("golden/encoder/bert/model")).labels[1], "deep sea");
}

TEST(Config, MissingKeysTakeTheFamilysDefaults) {
  const EncoderConfig bert = config_of(R"({"model_type":"bert"})");
  EXPECT_EQ(bert.vocab_size, 30522);
  EXPECT_EQ(bert.hidden_size, 768);
  EXPECT_EQ(bert.embedding_size, 768);
  EXPECT_EQ(bert.layers, 12);
  EXPECT_EQ(bert.layer_norm_eps, 1e-12F);
  EXPECT_EQ(bert.hidden_dropout, 0.1F);
  EXPECT_EQ(bert.head_dropout(), 0.1F);
  EXPECT_EQ(bert.activation, Activation::gelu);
  EXPECT_TRUE(bert.labels.empty());

  const EncoderConfig roberta = config_of(R"({"model_type":"roberta","max_position_embeddings":514})");
  EXPECT_EQ(roberta.vocab_size, 50265);
  EXPECT_EQ(roberta.pad_token_id, 1);
  EXPECT_EQ(roberta.max_length(), 512);

  const EncoderConfig electra = config_of(R"({"model_type":"electra"})");
  EXPECT_EQ(electra.hidden_size, 256);
  EXPECT_EQ(electra.embedding_size, 128);
  EXPECT_EQ(electra.heads, 4);
  EXPECT_EQ(electra.intermediate_size, 1024);
  EXPECT_EQ(electra.pad_token_id, 0);
}

TEST(Config, NullIsAMissingKey) {
  const EncoderConfig config =
      config_of(R"({"model_type":"bert","classifier_dropout":null,"hidden_size":null,"id2label":null})");
  EXPECT_FALSE(config.classifier_dropout.has_value());
  EXPECT_EQ(config.hidden_size, 768);
}

TEST(Config, KnowsTheActivationsByName) {
  const std::pair<const char*, Activation> names[] = {
      {"gelu", Activation::gelu},           {"gelu_new", Activation::gelu_tanh},
      {"gelu_fast", Activation::gelu_fast}, {"gelu_pytorch_tanh", Activation::gelu_tanh},
      {"relu", Activation::relu},           {"quick_gelu", Activation::quick_gelu},
      {"silu", Activation::silu},           {"tanh", Activation::tanh}};
  for (const auto& [name, activation] : names) {
    const EncoderConfig config =
        config_of(R"({"model_type":"bert","hidden_act":")" + std::string(name) + "\"}");
    EXPECT_EQ(config.activation, activation);
    EXPECT_EQ(saved(config, "BertModel", {})["hidden_act"], name);
  }
}

TEST(Config, ReadsLabelsInTheOrderOfTheirNumbers) {
  EXPECT_EQ(
      config_of(R"({"model_type":"bert","id2label":{"1":"b c","10":"k","0":"a","2":"c","3":"d","4":"e",)"
                R"("5":"f","6":"g","7":"h","8":"i","9":"j"}})")
          .labels,
      (std::vector<std::string>{"a", "b c", "c", "d", "e", "f", "g", "h", "i", "j", "k"}));
  EXPECT_EQ(config_of(R"({"model_type":"bert","num_labels":3})").labels,
            (std::vector<std::string>{"LABEL_0", "LABEL_1", "LABEL_2"}));
}

TEST(Config, TakesTheLabelsThatTransformersTakes) {
  const auto labels = [](const std::string& keys) {
    return config_of(R"({"model_type":"bert",)" + keys + "}").labels;
  };
  EXPECT_EQ(labels(R"("id2label":{"0":1,"1":2.5})"), (std::vector<std::string>{"1", "2.5"}));
  EXPECT_EQ(labels(R"("id2label":{"1":"a","0":"b"})"), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(labels(R"("id2label":{" 1":"a","00":"b"})"), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(labels(R"("id2label":{"0":"a","1":"b"},"num_labels":3)"), default_labels(3));
  EXPECT_TRUE(labels(R"("id2label":{})").empty());
}

// Its encoder can be fine-tuned all the same.
TEST(Config, RemembersThatALabelIsMissing) {
  const auto gap = [](const std::string& map) {
    const EncoderConfig config = config_of(R"({"model_type":"bert","id2label":)" + map + "}");
    EXPECT_TRUE(config.labels.empty());
    return config.label_gap;
  };
  EXPECT_NE(gap(R"({"0":"a","2":"c"})").find("has 2 labels, and a class 2 where 1 is expected"),
            std::string::npos);
  EXPECT_NE(gap(R"({"1":"a","2":"c"})").find("a class 1 where 0 is expected"), std::string::npos);
  EXPECT_NE(gap(R"({"-1":"a","0":"c"})").find("a class -1 where 0 is expected"), std::string::npos);
}

struct BadConfig {
  const char* text;
  const char* message;
};

TEST(Config, NamesTheKeyThatIsWrong) {
  const BadConfig cases[] = {
      {R"({})", "the key \"model_type\" is missing, expected one of bert, roberta, electra"},
      {R"({"model_type":"gpt2"})", "\"model_type\" is \"gpt2\", expected one of bert, roberta, electra"},
      {R"({"model_type":7})", "\"model_type\" is 7, expected a string"},
      {R"({"model_type":"bert","hidden_act":"mish"})",
       "\"hidden_act\" is \"mish\", expected one of gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, "
       "quick_gelu, relu, silu, tanh"},
      {R"({"model_type":"bert","position_embedding_type":"relative_key"})",
       "\"position_embedding_type\" is \"relative_key\", expected \"absolute\""},
      {R"({"model_type":"bert","is_decoder":true})", "\"is_decoder\" is true, expected false"},
      {R"({"model_type":"bert","is_decoder":"no"})", "\"is_decoder\" is \"no\", expected true or false"},
      {R"({"model_type":"bert","hidden_size":"768"})",
       "\"hidden_size\" is \"768\", expected a whole number from 1"},
      {R"({"model_type":"bert","hidden_size":768.5})", "\"hidden_size\" is 768.5, expected a whole number"},
      {R"({"model_type":"bert","hidden_size":0})", "\"hidden_size\" is 0, expected"},
      {R"({"model_type":"bert","hidden_size":-1})", "\"hidden_size\" is -1, expected"},
      {R"({"model_type":"bert","hidden_size":18446744073709551615})",
       "\"hidden_size\" is 18446744073709551615"},
      {R"({"model_type":"bert","num_attention_heads":7})",
       "\"num_attention_heads\" is 7, expected a divisor of \"hidden_size\", which is 768"},
      {R"({"model_type":"bert","hidden_dropout_prob":1.0})",
       "\"hidden_dropout_prob\" is 1.0, expected a number"},
      {R"({"model_type":"bert","attention_probs_dropout_prob":-0.1})",
       "\"attention_probs_dropout_prob\" is -0.1"},
      {R"({"model_type":"bert","pad_token_id":30522})", "\"pad_token_id\" is 30522, expected"},
      {R"({"model_type":"roberta","max_position_embeddings":2})",
       "\"max_position_embeddings\" is 2, expected more than \"pad_token_id\" + 1, which is 2"},
      {R"({"model_type":"bert","id2label":["a"]})", "\"id2label\" is [\"a\"], expected an object"},
      {R"({"model_type":"bert","id2label":{"a":"b"}})", "\"id2label\": the key \"a\" is no number"},
      {R"({"model_type":"bert","id2label":{"0":["a"]}})",
       "\"id2label\", \"0\" is [\"a\"], expected a string or a number"},
      {R"({"model_type":"bert","quire_max_length":30})",
       "the key \"quire_max_length\" was written by an older Quire"},
      {R"({"model_type":"bert","quire":{"max_length":30}})", "\"quire\" has no number of its format"},
      {R"({"model_type":"bert","quire":{"format":2}})",
       "\"quire\" was written by a newer Quire (format 2); this one reads up to 1"},
      {R"({"model_type":"bert","architectures":"BertModel"})",
       "\"architectures\" is \"BertModel\", expected"},
      {R"([1, 2])", "is [1,2], expected an object"},
      {"{\"model_type\":\n\"bert\",\n\"hidden_size\": 7 8}", "config.json:3: this is not JSON"},
      {"", "config.json:1: this is not JSON"},
  };
  for (const BadConfig& bad : cases) {
    EXPECT_ERROR(config_of(bad.text), InputError, bad.message);
  }
}

TEST(Config, NamesADirectoryWithoutOne) {
  const test::TemporaryDirectory directory;
  EXPECT_ERROR((void)load_config(directory.path()), InputError,
               "The directory \"" + directory.path().string() + "\" has no config.json.");
  EXPECT_ERROR((void)load_config(directory / "bert-base"), InputError, "There is no directory");
}

TEST(Config, ASavedConfigKeepsWhatItDoesNotKnow) {
  const EncoderConfig config = config_of(
      R"({"model_type":"bert","summary_type":"first","nested":{"a":[1,null,1e-5]},"torch_dtype":"float16",)"
      R"("num_labels":2,"_name_or_path":"x","quantization_config":{}})");
  const nlohmann::json object = saved(config, "BertModel", {});
  EXPECT_EQ(object["summary_type"], "first");
  EXPECT_EQ(object["nested"], nlohmann::json::parse(R"({"a":[1,null,1e-5]})"));
  EXPECT_EQ(object["dtype"], "float32");
  for (const char* key : {"torch_dtype", "num_labels", "_name_or_path", "id2label", "label2id",
                          "problem_type", "quantization_config"}) {
    EXPECT_FALSE(object.contains(key)) << key;
  }
}

TEST(Config, ASavedClassifierCarriesItsLabels) {
  const EncoderConfig config = load_config(test::fixture("golden/encoder/roberta/model"));
  const nlohmann::json object =
      saved(config, "RobertaForSequenceClassification", {"a b", "é\"x"}, {{"head", R"({"kind":"mean"})"}});
  EXPECT_EQ(object["architectures"], nlohmann::json({"RobertaForSequenceClassification"}));
  EXPECT_EQ(object["model_type"], "roberta");
  EXPECT_EQ(object["id2label"], (nlohmann::json{{"0", "a b"}, {"1", "é\"x"}}));
  EXPECT_EQ(object["label2id"], (nlohmann::json{{"a b", 0}, {"é\"x", 1}}));
  EXPECT_EQ(object["problem_type"], "single_label_classification");
  EXPECT_EQ(object["quire"], (nlohmann::json{{"format", 1}, {"head", {{"kind", "mean"}}}}));
}

TEST(Config, SavingThenLoadingIsTheIdentity) {
  for (const char* family : {"bert", "roberta", "electra"}) {
    EncoderConfig config = config_of(R"({"model_type":")" + std::string(family) +
                                     R"(","classifier_dropout":0.3,"vocab_size":99})");
    config.hidden_dropout = 0.15F;
    config.layer_norm_eps = 1e-7F;
    const test::TemporaryDirectory directory;
    save_config(directory.path(), config, "X", {"l 0", "l 1"});
    const EncoderConfig loaded = load_config(directory.path());
    EXPECT_EQ(loaded.family, config.family);
    EXPECT_EQ(loaded.vocab_size, 99);
    EXPECT_EQ(loaded.embedding_size, config.embedding_size);
    EXPECT_EQ(loaded.hidden_dropout, 0.15F);
    EXPECT_EQ(loaded.classifier_dropout, 0.3F);
    EXPECT_EQ(loaded.layer_norm_eps, 1e-7F);
    EXPECT_EQ(loaded.pad_token_id, config.pad_token_id);
    EXPECT_EQ(loaded.labels, (std::vector<std::string>{"l 0", "l 1"}));
    EXPECT_EQ(loaded.architecture, "X");
  }
}

TEST(Config, FloatsAreWrittenAsShortAsTheyWereRead) {
  const test::TemporaryDirectory directory;
  save_config(directory.path(), config_of(R"({"model_type":"bert"})"), "BertModel", {});
  const std::string text = read_file(directory / "config.json");
  EXPECT_NE(text.find("\"layer_norm_eps\": 1e-12,"), std::string::npos) << text;
  EXPECT_NE(text.find("\"hidden_dropout_prob\": 0.1,"), std::string::npos) << text;
}

TEST(Config, AConfigMadeInCodeCanBeSaved) {
  EncoderConfig config;
  config.layers = 3;
  const nlohmann::json object = saved(config, "BertModel", {});
  EXPECT_EQ(object["num_hidden_layers"], 3);
  EXPECT_EQ(object["hidden_act"], "gelu");
}

TEST(Config, GivesQuiresOwnKeys) {
  const EncoderConfig config =
      config_of(R"({"model_type":"bert","quire":{"format":1,"head":{"kind": "mean"},"max_length":7}})");
  EXPECT_EQ(own_settings(config).at("head").string("kind"), "mean");
  EXPECT_ERROR((void)own_settings(config).string("max_length"), InputError,
               "config.json\", \"quire\", \"max_length\" is 7, expected a string");
  EXPECT_FALSE(own_settings(config_of(R"({"model_type":"bert"})")).has("head"));
  EXPECT_FALSE(own_settings(EncoderConfig()).has("head"));
}

// A directory of ours that is trained again says nothing of the first training.
TEST(Config, SavingForgetsWhatQuireSaidBefore) {
  const EncoderConfig config =
      config_of(R"({"model_type":"bert","quire":{"format":1,"head":{"kind": "mean"},"long_text":{}}})");
  EXPECT_FALSE(saved(config, "BertModel", {}).contains("quire"));
  EXPECT_EQ(saved(config, "BertModel", {}, {{"max_length", "24"}})["quire"],
            (nlohmann::json{{"format", 1}, {"max_length", 24}}));
}

TEST(Config, RefusesToNestDeeply) {
  EXPECT_ERROR((void)config_of(R"({"model_type":"bert","a":)" + std::string(200'000, '[') +
                               std::string(200'000, ']') + "}"),
               InputError, "config.json:1: the JSON is nested more than 100 deep");
}

}  // namespace
}  // namespace quire
