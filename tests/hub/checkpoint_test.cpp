#include "quire/hub/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "support.h"

namespace quire {
namespace {

constexpr const char* kBert =
    R"({"model_type":"bert","hidden_size":4,"num_attention_heads":2,"vocab_size":3})";
constexpr const char* kNorm = "encoder.layer.1.output.LayerNorm.weight";

// A directory with a config.json and tensors that hold their own index in the list.
class Directory : public test::TemporaryDirectory {
 public:
  explicit Directory(const std::string& config = kBert) {
    write_file_atomically(*this / "config.json", config);
  }

  void store(const std::vector<std::pair<std::string, std::vector<std::int64_t>>>& tensors,
             const std::string& file = "model.safetensors") const {
    std::vector<std::vector<float>> values;
    for (const auto& [name, shape] : tensors) {
      std::int64_t count = 1;
      for (const std::int64_t size : shape) count *= size;
      values.emplace_back(count, static_cast<float>(values.size()));
    }
    std::vector<TensorView> views;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      views.push_back(view_tensor(tensors[i].first, tensors[i].second, values[i]));
    }
    write_safetensors(*this / file, views);
  }
};

std::filesystem::path model(const std::string& name) { return test::fixture("golden/encoder/" + name); }

TEST(Checkpoint, FindsTensorsWithAndWithoutThePrefix) {
  Checkpoint with(model("bert/model"));
  EXPECT_TRUE(with.has("embeddings.word_embeddings.weight"));
  EXPECT_TRUE(with.has("classifier.weight"));
  EXPECT_FALSE(with.has("bert.embeddings.word_embeddings.weight"));
  EXPECT_EQ(with.shape("pooler.dense.weight"), (std::vector<std::int64_t>{32, 32}));

  Checkpoint without(model("bert-bf16"));
  EXPECT_TRUE(without.has("embeddings.word_embeddings.weight"));
  EXPECT_FALSE(without.has("classifier.weight"));

  EXPECT_TRUE(Checkpoint(model("roberta/model")).has("classifier.out_proj.weight"));
  EXPECT_TRUE(Checkpoint(model("electra/model")).has("embeddings_project.weight"));
}

TEST(Checkpoint, OldNamesHoldTheSameValues) {
  Checkpoint today(model("bert/model"));
  Checkpoint old(model("bert-old-names"));
  const SafetensorsFile stored(model("bert/model") / "model.safetensors");
  for (const TensorView& view : stored.tensors()) {
    const std::string name = view.name.starts_with("bert.") ? view.name.substr(5) : view.name;
    EXPECT_EQ(old.tensor(name, view.shape), today.tensor(name, view.shape)) << name;
  }
  EXPECT_TRUE(today.unread().empty());
  EXPECT_EQ(today.unread_sentence(), "");
  EXPECT_EQ(old.unread().size(), 8U);
  EXPECT_EQ(old.unread_sentence(),
            "8 of 49 stored tensors are not part of this model and were ignored: cls.* (7), "
            "embeddings.position_ids.");
}

TEST(Checkpoint, HalvesAreReadAsFloats) {
  const std::vector<std::int64_t> shape = {32, 64};
  const char* name = "encoder.layer.0.output.dense.weight";
  const std::vector<float> exact = Checkpoint(model("bert/model")).tensor(name, shape);
  const std::vector<float> half = Checkpoint(model("bert-f16")).tensor(name, shape);
  const std::vector<float> brain = Checkpoint(model("bert-bf16")).tensor(name, shape);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    // Rounded to nearest with 11 and 8 bits; below 2^-14 a half has fewer.
    ASSERT_NEAR(half[i], exact[i], std::abs(exact[i]) * 0x1p-11F + 0x1p-25F);
    ASSERT_NEAR(brain[i], exact[i], std::abs(exact[i]) * 0x1p-8F);
  }
  EXPECT_NE(half, exact);
}

TEST(Checkpoint, NamesATensorThatIsMissing) {
  Directory directory;
  directory.store({{"bert.pooler.dense.bias", {4}}});
  Checkpoint checkpoint(directory.path());
  EXPECT_ERROR((void)checkpoint.tensor("pooler.dense.weight", {4, 4}), InputError,
               "has no tensor \"pooler.dense.weight\"");
  EXPECT_ERROR((void)checkpoint.shape("pooler.dense.weight"), InputError, "pooler.dense.weight");
}

TEST(Checkpoint, NamesATensorOfAnotherShape) {
  Directory directory;
  directory.store({{"bert.pooler.dense.weight", {4, 5}}});
  Checkpoint checkpoint(directory.path());
  EXPECT_ERROR((void)checkpoint.tensor("pooler.dense.weight", {4, 4}), InputError,
               "the tensor \"bert.pooler.dense.weight\" is [4, 5], expected [4, 4].");
  EXPECT_EQ(checkpoint.unread().size(), 1U);
}

TEST(Checkpoint, NamesATensorOfAnotherType) {
  Checkpoint checkpoint(model("bert-old-names"));
  EXPECT_ERROR((void)checkpoint.tensor("embeddings.position_ids", {1, 40}), InputError,
               "the tensor \"bert.embeddings.position_ids\" holds I64, expected F32, F16 or BF16.");
}

TEST(Checkpoint, RefusesTwoTensorsOfOneName) {
  Directory directory;
  directory.store({{"bert." + std::string(kNorm), {4}}, {"encoder.layer.1.output.LayerNorm.gamma", {4}}});
  EXPECT_ERROR(Checkpoint(directory.path()), InputError,
               "are both the tensor \"" + std::string(kNorm) + "\"");
}

TEST(Checkpoint, ReadsShards) {
  Directory directory;
  directory.store({{"bert.a", {1}}, {"bert.b", {2}}}, "model-00001-of-00002.safetensors");
  directory.store({{"bert.a", {1}}, {"c", {3}}}, "model-00002-of-00002.safetensors");
  write_file_atomically(
      directory / "model.safetensors.index.json",
      R"({"metadata":{"total_size":24},"weight_map":{"c":"model-00002-of-00002.safetensors",)"
      R"("bert.a":"model-00001-of-00002.safetensors","bert.b":"model-00001-of-00002.safetensors"}})");
  Checkpoint checkpoint(directory.path());
  EXPECT_EQ(checkpoint.tensor("a", {1}), std::vector<float>(1, 0.0F));
  EXPECT_EQ(checkpoint.tensor("b", {2}), std::vector<float>(2, 1.0F));
  EXPECT_EQ(checkpoint.tensor("c", {3}), std::vector<float>(3, 1.0F));
}

TEST(Checkpoint, RefusesABadIndex) {
  Directory directory;
  directory.store({{"a", {1}}}, "shard.safetensors");
  const std::pair<const char*, const char*> cases[] = {
      {R"([])", "has no \"weight_map\" object"},
      {R"({"weight_map":{"a":1}})", "has 1 as the file of \"a\""},
      {R"({"weight_map":{"a":"../shard.safetensors"}})", "has \"../shard.safetensors\" as the file of \"a\""},
      {R"({"weight_map":{"a":"/etc/passwd"}})", "has \"/etc/passwd\" as the file of \"a\""},
      {R"({"weight_map":{"a":""}})", "has \"\" as the file of \"a\""},
      {R"({"weight_map":{"a":".."}})", "has \"..\" as the file of \"a\""},
      {R"({"weight_map":{"a":"shard.safetensors\u0000x"}})", "as the file of \"a\""},
      {R"({"weight_map":{"a":"gone.safetensors"}})", "gone.safetensors"},
      {R"({"weight_map":{"b":"shard.safetensors"}})",
       "says that \"shard.safetensors\" holds the tensor \"b\""},
      {R"({"weight_map":{"a":"shard.safetensors")", "index.json:1: this is not JSON"},
  };
  for (const auto& [index, message] : cases) {
    write_file_atomically(directory / "model.safetensors.index.json", index);
    EXPECT_ERROR(Checkpoint(directory.path()), InputError, message);
  }
}

TEST(Checkpoint, SaysHowToConvertPickledWeights) {
  const Directory directory;
  EXPECT_ERROR(Checkpoint(directory.path()), InputError, "has no model.safetensors");
  write_file_atomically(directory / "pytorch_model.bin", "PK");
  try {
    const Checkpoint checkpoint(directory.path());
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("only as pytorch_model.bin"));
    EXPECT_THAT(error.hint(), testing::HasSubstr("weights_only=True"));
    EXPECT_THAT(error.hint(), testing::Not(testing::HasSubstr("\n")));
  }
}

TEST(Checkpoint, RefusesDamagedWeights) {
  const Directory directory;
  directory.store({{"bert.pooler.dense.bias", {4}}});
  const std::string whole = read_file(directory / "model.safetensors");
  write_file_atomically(directory / "model.safetensors", whole.substr(0, whole.size() - 1));
  EXPECT_ERROR(Checkpoint(directory.path()), InputError,
               "model.safetensors\" is not a valid safetensors file");
}

TEST(Checkpoint, ClassNamesComeFromLabelsOrRows) {
  EXPECT_EQ(Checkpoint(model("bert/model")).class_names()[2], "old maps");
  EXPECT_EQ(Checkpoint(model("roberta/model")).class_names().size(), 5U);
  EXPECT_TRUE(Checkpoint(model("bert-bf16")).class_names().empty());

  const Directory directory;  // two labels, and no id2label
  directory.store({{"classifier.weight", {2, 4}}});
  EXPECT_EQ(Checkpoint(directory.path()).class_names(), default_labels(2));
}

TEST(Checkpoint, ClassNamesMustFitTheClassifier) {
  const Directory three(R"({"model_type":"bert","num_labels":3})");
  three.store({{"classifier.weight", {2, 768}}});
  EXPECT_ERROR((void)Checkpoint(three.path()).class_names(), InputError,
               "has 3 labels in config.json, but the tensor \"classifier.weight\" has 2 rows");

  const Directory gap(R"({"model_type":"bert","id2label":{"0":"a","2":"c"}})");
  gap.store({{"classifier.weight", {2, 768}}});
  EXPECT_ERROR((void)Checkpoint(gap.path()).class_names(), InputError,
               "\"id2label\" has 2 labels, and a class 2 where 1 is expected.");

  const Directory regression;
  regression.store({{"classifier.weight", {1, 4}}});
  EXPECT_ERROR((void)Checkpoint(regression.path()).class_names(), InputError, "it has 1 output");

  const Directory tags(R"({"model_type":"bert","problem_type":"multi_label_classification"})");
  tags.store({{"classifier.weight", {4, 768}}});
  EXPECT_ERROR((void)Checkpoint(tags.path()).class_names(), InputError, "\"multi_label_classification\"");
}

TEST(Checkpoint, AHeadOfAnotherQuireIsRefusedByItsNumber) {
  const Directory own(R"({"model_type":"bert","quire":{"format":1,"head":{"kind":"mean"}}})");
  own.store({{"pooler.dense.bias", {4}}});
  const std::vector<float> bias(3, 0.0F);
  const auto store = [&](const std::map<std::string, std::string>& metadata) {
    write_safetensors(own / kOwnHeadFile, std::vector{view_tensor("quire_head.bias", {3}, bias)}, metadata);
  };
  EXPECT_ERROR(Checkpoint(own.path()), InputError, kOwnHeadFile);
  store({{"format", "pt"}});
  EXPECT_ERROR(Checkpoint(own.path()), InputError, "an older Quire wrote it");
  store({{"format", "pt"}, {kFormatKey, "2"}});
  EXPECT_ERROR(Checkpoint(own.path()), InputError, "newer Quire (format 2); this one reads up to 1");
  store({{"format", "pt"}, {kFormatKey, "1"}});
  EXPECT_TRUE(Checkpoint(own.path()).has("quire_head.bias"));
}

// Whoever trains it anew with a head that transformers knows leaves the old one's file unread.
TEST(Checkpoint, ReadsNoHeadThatConfigJsonDoesNotName) {
  const Directory plain;
  plain.store({{"pooler.dense.bias", {4}}});
  plain.store({{"quire_head.bias", {3}}}, kOwnHeadFile);
  EXPECT_FALSE(Checkpoint(plain.path()).has("quire_head.bias"));
}

TEST(Checkpoint, ReadsARealModel) {
  const char* variable = std::getenv("QUIRE_MINILM");
  const std::filesystem::path path = variable != nullptr ? std::filesystem::path(variable)
                                                         : test::fixture("../.deps/models/all-MiniLM-L6-v2");
  if (!std::filesystem::exists(path))
    QUIRE_SKIP("MiniLM", path.string() + " is not here; scripts/fetch-model brings it");
  Checkpoint checkpoint(path);
  EXPECT_EQ(checkpoint.config().hidden_size, 384);
  EXPECT_EQ(checkpoint.config().layers, 6);
  const std::vector<float> words = checkpoint.tensor("embeddings.word_embeddings.weight", {30522, 384});
  EXPECT_NE(words.front(), 0.0F);
  EXPECT_THAT(checkpoint.unread(), testing::Contains("embeddings.position_ids"));
  EXPECT_EQ(checkpoint.unread().size() + 1, SafetensorsFile(path / "model.safetensors").tensors().size());
}

}  // namespace
}  // namespace quire
