// Heads, features, window pooling and losses against PyTorch's own modules.
#include <limits>
#include <set>

#include "nn/golden.h"
#include "quire/base/error.h"
#include "quire/nn/classifier.h"
#include "quire/nn/loss.h"
#include "quire/train/optimizer.h"

namespace quire::test {
namespace {

using nn::Classifier;

constexpr const char* kWatched = "encoder.layer.0.attention.self.query.weight";

const nlohmann::json& expected() {
  static const auto json = nlohmann::json::parse(read_file(fixture("golden/heads/expected.json")));
  return json;
}

const SafetensorsFile& tensors() {
  static const SafetensorsFile file(fixture("golden/heads/expected.safetensors"));
  return file;
}

at::Tensor golden_tensor(const std::string& name) {
  const TensorView* view = tensors().find(name);
  if (view == nullptr) throw Error("no golden tensor " + name);
  return as_tensor(*view);
}

nn::ClassifierOptions options_of(const nlohmann::json& one) {
  nn::ClassifierOptions options;
  options.head = nn::parse_head(one["head"].get<std::string>());
  options.features = nn::parse_features(one["features"].get<std::string>(), 2);
  options.windows = one.contains("window_pooling");
  options.window_pooling = nn::parse_window_pooling(one.value("window_pooling", "mean"));
  options.classes = 5;
  return options;
}

// The golden documents, or, for cases with windows, longer ones that have them as windows.
struct Documents {
  Documents(const Golden& golden, bool windows) {
    std::vector<std::vector<std::size_t>> groups;
    if (windows) groups = expected()["windows"].get<std::vector<std::vector<std::size_t>>>();
    for (std::size_t i = 0; i < golden.size() && !windows; ++i) groups.push_back({i});
    for (const auto& group : groups) {
      ids.emplace_back();
      segments.emplace_back();
      lengths.emplace_back();
      for (const std::size_t i : group) {
        const auto& document = golden.json()["documents"][i];
        for (const auto id : document["ids"].get<std::vector<std::int32_t>>()) ids.back().push_back(id);
        for (const auto one : document["segments"].get<std::vector<std::uint8_t>>())
          segments.back().push_back(one);
        lengths.back().push_back(static_cast<std::int32_t>(document["ids"].size()));
      }
      labels.push_back(golden.json()["documents"][group.front()]["label"].get<std::int64_t>());
    }
  }
  [[nodiscard]] nn::PackedBatch batch(std::size_t first, std::size_t count) const {
    std::vector<nn::TokenizedDocument> documents;
    for (std::size_t i = first; i < first + count; ++i)
      documents.push_back({ids[i], segments[i], static_cast<std::uint32_t>(i), lengths[i]});
    return nn::pack(documents);
  }
  [[nodiscard]] nn::PackedBatch all() const { return batch(0, ids.size()); }

  std::vector<std::vector<std::int32_t>> ids, lengths;
  std::vector<std::vector<std::uint8_t>> segments;
  std::vector<std::int64_t> labels;
};

class Heads : public ::testing::TestWithParam<nlohmann::json> {
 protected:
  Heads()
      : documents_(golden_, GetParam().contains("window_pooling")),
        checkpoint_(golden_.model()),
        model_(checkpoint_.config(), &checkpoint_, options_of(GetParam())) {
    const at::NoGradGuard no_grad;
    for (nn::Parameter& parameter : model_.parameters()) {
      const std::string& name = parameter.names.front();
      if (name.starts_with("quire_head.")) parameter.value.copy_(golden_tensor(key("value.", name)));
    }
  }
  [[nodiscard]] static std::string key(const std::string& what, const std::string& name) {
    const std::string own = name.starts_with("quire_head.") ? name.substr(11) : name;
    return GetParam()["name"].get<std::string>() + "/" + what + own;
  }

  Golden golden_{"bert"};
  Documents documents_;
  Checkpoint checkpoint_;
  Classifier model_;
};

TEST_P(Heads, LogitsAndGradientsEqualPyTorch) {
  const at::Tensor logits = model_.logits(documents_.all(), {});
  EXPECT_LE(relative_error(logits, golden_tensor(key("", "logits"))), 1e-5);
  at::cross_entropy_loss(logits, at::tensor(documents_.labels)).backward();
  std::set<std::string> compared;
  for (const nn::Parameter& parameter : model_.parameters()) {
    if (!parameter.value.grad().defined()) continue;
    for_stored_parts(parameter, parameter.value.grad(),
                     [&](const std::string& name, const at::Tensor& value) {
                       if (!name.starts_with("quire_head.") && name != kWatched) return;
                       EXPECT_LE(relative_error(value, golden_tensor(key("gradient.", name))), 1e-4) << name;
                       compared.insert(name);
                     });
  }
  EXPECT_GE(compared.size(), 3U);
}

TEST_P(Heads, SavedAndOpenedPredictTheSame) {
  const TemporaryDirectory directory;
  model_.save(directory.path(), {"a", "b", "c", "d", "e"});
  const Classifier again = Classifier::open(directory.path());
  EXPECT_TRUE(at::equal(model_.logits(documents_.all(), {}), again.logits(documents_.all(), {})));
  EXPECT_FALSE(model_.portable());
}

TEST_P(Heads, ADocumentDoesNotDependOnItsBatch) {
  const nn::DropoutState state{.active = true, .seed = 3, .epoch = 1, .pass = 0};
  const at::Tensor together = model_.logits(documents_.all(), state);
  for (std::size_t i = 0; i < documents_.ids.size(); ++i) {
    const at::Tensor alone = model_.logits(documents_.batch(i, 1), state);
    EXPECT_LE(relative_error(alone[0], together[static_cast<std::int64_t>(i)]), 5e-6) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, Heads, ::testing::ValuesIn(expected()["cases"]), [](const auto& one) {
  std::string name = one.param["name"];
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(MultiSampleDropout, GivesOneSetOfLogitsForEachMask) {
  const Golden golden("bert");
  Checkpoint checkpoint(golden.model());
  nn::ClassifierOptions options;
  options.classes = 5;
  options.dropout = 0.2;
  options.dropout_samples = 3;
  const Classifier model(checkpoint.config(), &checkpoint, options);
  const nn::DropoutState state{.active = true, .seed = 3, .epoch = 1, .pass = 0};
  const at::Tensor logits = model.logits(golden.all(), state);
  const auto count = static_cast<std::int64_t>(golden.size());
  ASSERT_EQ(logits.size(0), 3 * count);
  EXPECT_GT(relative_error(logits.slice(0, 0, count), logits.slice(0, count, 2 * count)), 1e-2);
  EXPECT_EQ(model.logits(golden.all(), {}).size(0), count);
}

TEST(Losses, EqualPyTorch) {
  const at::Tensor labels = golden_tensor("losses/labels").to(at::kLong);
  const at::Tensor weights = golden_tensor("losses/weights");
  const at::Tensor other = golden_tensor("losses/other");
  const auto compare = [&](const std::string& name, const auto& loss) {
    at::Tensor logits = golden_tensor("losses/logits").clone().requires_grad_();
    const at::Tensor values = loss(logits);
    values.sum().backward();
    EXPECT_LE(relative_error(values, golden_tensor("losses/" + name + ".values")), 1e-6) << name;
    EXPECT_LE(relative_error(logits.grad(), golden_tensor("losses/" + name + ".gradient")), 1e-5) << name;
  };
  const auto with = [&](double smoothing, double gamma, const at::Tensor& class_weights) {
    return [=](const at::Tensor& logits) {
      return nn::classification_loss(logits, labels, {smoothing, gamma, class_weights});
    };
  };
  compare("plain", with(0, 0, {}));
  compare("label_smoothing", with(0.1, 0, {}));
  compare("class_weights", with(0, 0, weights));
  compare("both", with(0.1, 0, weights));
  compare("focal", with(0, 2, {}));
  compare("divergence", [&](const at::Tensor& logits) { return nn::symmetric_divergence(logits, other); });
}

TEST(Features, AreReadByNameAndRefusedOutOfRange) {
  EXPECT_EQ(nn::features_name(nn::parse_features("concat:4", 6)), "concat:4");
  EXPECT_EQ(nn::parse_features("layer:0", 6).n, 0);
  for (const char* wrong : {"layer:7", "mean:0", "mean:7", "concat", "median:2", "mean:2x", ""})
    EXPECT_ERROR((void)nn::parse_features(wrong, 6), InputError, "--features");
}

TEST(Features, LayersThatNothingReadsAreNeitherComputedNorTrainedButSaved) {
  const Golden golden("bert");
  Checkpoint checkpoint(golden.model());
  nn::ClassifierOptions options;
  options.head = nn::HeadKind::mean;
  options.features = nn::parse_features("layer:1", 2);
  options.classes = 5;
  Classifier model(checkpoint.config(), &checkpoint, options);
  {
    const at::NoGradGuard no_grad;
    for (nn::Parameter& parameter : model.parameters())
      if (parameter.depth == 2) parameter.value.fill_(std::numeric_limits<float>::quiet_NaN());
  }
  at::Tensor logits = model.logits(golden.all(), {});
  EXPECT_TRUE(logits.isfinite().all().item<bool>());
  logits.sum().backward();
  std::size_t unused = 0;
  for (const nn::Parameter& parameter : model.parameters()) {
    EXPECT_EQ(parameter.unused, parameter.depth == 2) << parameter.names.front();
    EXPECT_EQ(parameter.value.grad().defined(), !parameter.unused) << parameter.names.front();
    unused += parameter.unused ? 1 : 0;
  }
  EXPECT_GT(unused, 0U);
  const auto groups = train::group_parameters(model.parameters(), 2, {});
  EXPECT_EQ(groups.back().name, "unused");
  EXPECT_EQ(groups.back().members.size(), unused);
  const TemporaryDirectory directory;
  model.save(directory.path(), {"a", "b", "c", "d", "e"});
  const Classifier opened = Classifier::open(directory.path());
  EXPECT_EQ(opened.parameters().size(), model.parameters().size());
  EXPECT_TRUE(at::equal(opened.logits(golden.all(), {}), logits));
}

TEST(TopLayers, StartFromRandomWeightsWhenAsked) {
  const Golden golden("bert");
  Checkpoint checkpoint(golden.model());
  nn::ClassifierOptions options;
  options.classes = 5;
  const Classifier plain(checkpoint.config(), &checkpoint, options);
  options.reinit_layers = 1;
  const Classifier fresh(checkpoint.config(), &checkpoint, options);
  for (std::size_t i = 0; i < plain.parameters().size(); ++i) {
    const nn::Parameter& parameter = plain.parameters()[i];
    if (parameter.depth > 2) continue;  // the head is new in both
    const bool same = at::equal(parameter.value, fresh.parameters()[i].value);
    const bool top = parameter.depth == 2;
    EXPECT_EQ(same, !top) << parameter.names.front();
  }
}

}  // namespace
}  // namespace quire::test
