// Training and prediction on the path of other devices: on a CPU by the twins of all operations, and on
// CUDA where there is a device. Either must end where our kernels do.
#include "quire/nn/device.h"

#include <torch/library.h>

#include <algorithm>
#include <functional>

#include "quire/base/error.h"
#include "quire/kernels/gemm.h"
#include "quire/nn/aten.h"
#include "quire/nn/textcnn.h"
#include "quire/train/predict.h"
#include "train/tiny_task.h"

namespace quire::test {
namespace {

// libtorch must hear of CUDA before the first tensor of the program.
class AskForCuda : public ::testing::Environment {
 public:
  void SetUp() override { (void)nn::find_cuda(); }
};
const auto* const kAskForCuda = ::testing::AddGlobalTestEnvironment(new AskForCuda);

// Every second document in two windows, the others in one.
TokenCorpus in_windows(const TokenCorpus& corpus) {
  TokenCorpus result;
  for (std::int64_t row = 0; row < corpus.size(); ++row) {
    const std::size_t half = row % 2 == 0 ? corpus.ids(row).size() : corpus.ids(row).size() / 2;
    std::vector<TokenCorpus::Window> windows = {
        {corpus.ids(row).first(half), corpus.segments(row).first(half)}};
    if (row % 2 != 0) windows.push_back({corpus.ids(row).subspan(half), corpus.segments(row).subspan(half)});
    result.add(windows, false);
  }
  return result;
}

struct Case {
  const char* name;
  nn::ClassifierOptions model = {};
  FitOptions loop = quick_options();
  bool textcnn = false;
};

Case head_case(const char* head) { return {.name = head, .model = {.head = nn::parse_head(head)}}; }

Case features_case(const char* name, const char* features) {
  return {.name = name, .model = {.head = nn::HeadKind::mean, .features = nn::parse_features(features, 2)}};
}

Case windows_case(const char* name, nn::WindowPooling pooling) {
  return {.name = name, .model = {.head = nn::HeadKind::mean, .windows = true, .window_pooling = pooling}};
}

template <typename Change>
Case loop_case(const char* name, Change change) {
  Case one{.name = name};
  one.loop.adversarial.epsilon = 0.05;
  change(one.loop);
  return one;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const char* head : {"standard", "mean", "max", "bilstm", "attention", "concat"})
    all.push_back(head_case(head));
  all.push_back(features_case("layer", "layer:1"));
  all.push_back(features_case("mean_of_layers", "mean:2"));
  all.push_back(features_case("max_of_layers", "max:2"));
  all.push_back(features_case("concat_of_layers", "concat:2"));
  all.push_back(features_case("mix_of_layers", "mix"));
  all.push_back(windows_case("windows_mean", nn::WindowPooling::mean));
  all.push_back(windows_case("windows_max", nn::WindowPooling::max));
  all.push_back(windows_case("windows_attention", nn::WindowPooling::attention));
  all.push_back({.name = "dropout_samples", .model = {.dropout_samples = 3}});
  all.push_back({.name = "no_dropout", .model = {.dropout = 0}});
  all.push_back(loop_case("fgm", [](auto& loop) { loop.adversarial.kind = train::Adversarial::fgm; }));
  all.push_back(loop_case("pgd", [](auto& loop) { loop.adversarial.kind = train::Adversarial::pgd; }));
  all.push_back(loop_case("r_drop", [](auto& loop) { loop.r_drop = 1; }));
  all.push_back(loop_case("losses", [](auto& loop) {
    loop.class_weights = {0.5F, 1.0F, 1.5F};
    loop.focal_gamma = 2;
    loop.label_smoothing = 0.1;
  }));
  all.push_back(loop_case("ema", [](auto& loop) { loop.ema = 0.5; }));
  all.push_back(loop_case("average_best", [](auto& loop) { loop.average_best = 2; }));
  all.push_back(loop_case("probe", [](auto& loop) { loop.probe_head = true; }));
  all.push_back({.name = "textcnn", .textcnn = true});
  return all;
}

struct Outcome {
  std::vector<std::string> names;
  std::vector<at::Tensor> before, after;  // on the CPU
  Matrix probabilities;
};

std::unique_ptr<nn::TextModel> build(const Case& one, c10::Device device) {
  if (one.textcnn) {
    return std::make_unique<nn::TextCnn>(
        nn::TextCnnOptions{.vocabulary = 50, .dim = 8, .filters = 6, .classes = 3, .device = device});
  }
  nn::ClassifierOptions options = one.model;
  options.device = device;
  return std::make_unique<nn::Classifier>(tiny_model(3, options));
}

std::vector<at::Tensor> weights_of(const nn::TextModel& model) {
  std::vector<at::Tensor> weights;
  for (const nn::Parameter& parameter : model.parameters())
    weights.push_back(parameter.value.detach().to(at::kCPU, /*non_blocking=*/false, /*copy=*/true));
  return weights;
}

Outcome train_and_predict(const Case& one, c10::Device device) {
  Task task(60);
  if (one.model.windows) task.corpus = in_windows(task.corpus);
  const std::unique_ptr<nn::TextModel> model = build(one, device);
  Outcome outcome;
  for (const nn::Parameter& parameter : model->parameters()) outcome.names.push_back(parameter.names.front());
  outcome.before = weights_of(*model);
  FitOptions loop = one.loop;
  loop.epochs = 2;
  const TemporaryDirectory directory;
  fit(*model, task, loop, directory.path());
  outcome.after = weights_of(*model);
  outcome.probabilities = train::predict(*model, task.corpus, task.valid, {});
  return outcome;
}

// The gradient of a key's bias is rounding, and AdamW takes rounding for a direction: of query, key and
// value bias, which lie one after another, the middle is left out.
at::Tensor without_key_bias(const std::string& name, const at::Tensor& change) {
  if (!name.ends_with("attention.self.query.bias")) return change;
  const std::vector<at::Tensor> parts = change.chunk(3);
  return at::cat({parts[0], parts[2]});
}

// Weights relative to what training changed, and probabilities.
void expect_close(const Outcome& found, const Outcome& expected, double weights, double probabilities) {
  ASSERT_EQ(found.names, expected.names);
  for (std::size_t i = 0; i < found.names.size(); ++i) {
    const std::string& name = found.names[i];
    ASSERT_TRUE(at::equal(found.before[i], expected.before[i])) << name;
    const auto change = [&](const Outcome& outcome) {
      return without_key_bias(name, outcome.after[i] - outcome.before[i]);
    };
    EXPECT_LE(relative_error(change(found), change(expected)), weights) << name;
  }
  for (std::size_t i = 0; i < expected.probabilities.values.size(); ++i)
    ASSERT_NEAR(found.probabilities.values[i], expected.probabilities.values[i], probabilities);
}

class Devices : public ::testing::TestWithParam<Case> {};

TEST_P(Devices, TwinsTrainAndPredictLikeTheKernels) {
  const Outcome kernels = train_and_predict(GetParam(), at::kCPU);
  const nn::AtenTwins twins;
  expect_close(train_and_predict(GetParam(), at::kCPU), kernels, 1e-3, 1e-4);
}

TEST_P(Devices, CudaTrainsAndPredictsLikeTheCpu) {
  if (nn::find_cuda().devices == 0) QUIRE_SKIP("CUDA", nn::find_cuda().finding);
  expect_close(train_and_predict(GetParam(), nn::choose_device("cuda")),
               train_and_predict(GetParam(), at::kCPU), 1e-2, 1e-3);
}

// Tensors of the meta device have shapes and no values: whoever reads one as if it were on the CPU, or
// mixes both, is thrown out. Operations that libtorch has no meta kernel for are run on zeros here.
c10::IValue mapped(const c10::IValue& value, const std::function<at::Tensor(const at::Tensor&)>& map) {
  if (value.isTensor()) return value.toTensor().defined() ? map(value.toTensor()) : value.toTensor();
  if (!value.isTensorList()) return value;
  std::vector<at::Tensor> tensors = value.toTensorVector();
  for (at::Tensor& tensor : tensors) tensor = map(tensor);
  return tensors;
}

void run_on_zeros(const c10::OperatorHandle& operation, torch::jit::Stack* stack) {
  const auto map_last = [&](std::size_t count, const std::function<at::Tensor(const at::Tensor&)>& map) {
    for (std::size_t i = stack->size() - count; i < stack->size(); ++i)
      (*stack)[i] = mapped((*stack)[i], map);
  };
  map_last(operation.schema().arguments().size(), [&](const at::Tensor& tensor) {
    TORCH_CHECK(tensor.is_meta(), operation.schema().name(), " is given a tensor of the CPU");
    return at::zeros(tensor.sizes(), tensor.options().device(at::kCPU));
  });
  operation.callBoxed(stack);
  map_last(operation.schema().returns().size(),
           [](const at::Tensor& tensor) { return tensor.to(at::kMeta); });
}

at::Tensor repeat_nothing(const at::Tensor& repeats, std::optional<c10::SymInt> size) {
  return at::empty({size.value().expect_int()}, repeats.options());
}

TORCH_LIBRARY_IMPL(aten, Meta, library) {
  for (const char* name : {"index_select", "embedding_dense_backward", "take", "native_layer_norm",
                           "native_layer_norm_backward", "masked_fill.Scalar", "where.self", "logical_not",
                           "relu", "mv", "dot", "count_nonzero", "_safe_softmax"})
    library.impl(name, torch::CppFunction::makeFromBoxedFunction<&run_on_zeros>());
  library.impl("repeat_interleave.Tensor", &repeat_nothing);
}

TEST_P(Devices, NothingOfAStepStaysBehindOnTheCpu) {
  Task task(8);
  if (GetParam().model.windows) task.corpus = in_windows(task.corpus);
  const std::unique_ptr<nn::TextModel> model = build(GetParam(), at::kMeta);
  std::vector<nn::TokenizedDocument> documents;
  for (std::int64_t row = 0; row < task.corpus.size(); ++row) {
    documents.push_back({task.corpus.ids(row), task.corpus.segments(row), static_cast<std::uint32_t>(row),
                         task.corpus.windows(row)});
  }
  const at::Tensor logits = model->logits(nn::pack(documents, model->device()), {.active = true});
  EXPECT_TRUE(logits.is_meta());
  logits.sum().backward();
  for (const nn::Parameter& parameter : model->parameters()) {
    if (parameter.frozen) continue;
    ASSERT_TRUE(parameter.value.grad().defined()) << parameter.names.front();
    EXPECT_TRUE(parameter.value.grad().is_meta()) << parameter.names.front();
  }
}

INSTANTIATE_TEST_SUITE_P(Train, Devices, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(Device, ResumingUnderTheTwinsGivesTheSameBytes) {
  const nn::AtenTwins twins;
  const Task task(60);
  FitOptions options = quick_options();
  options.ema = 0.5;
  nn::Classifier whole = tiny_model(3);
  fit(whole, task, options);
  EXPECT_TRUE(same_weights(whole, stopped_and_resumed(task, options, 5)));
}

TEST(Device, Bf16OfTheTwinsStaysNearFp32) {
  const nn::AtenTwins twins;
  const Case fp32 = head_case("mean");
  Case bf16 = fp32;
  bf16.model.precision = nn::Precision::bf16;
  const Outcome expected = train_and_predict(fp32, at::kCPU);
  const Outcome found = train_and_predict(bf16, at::kCPU);
  bool differs = false;
  for (std::size_t i = 0; i < expected.probabilities.values.size(); ++i) {
    EXPECT_NEAR(found.probabilities.values[i], expected.probabilities.values[i], 0.1);
    differs = differs || found.probabilities.values[i] != expected.probabilities.values[i];
  }
  EXPECT_TRUE(differs);
}

TEST(Device, AreChosenByName) {
  EXPECT_TRUE(nn::choose_device("cpu").is_cpu());
  EXPECT_ERROR((void)nn::choose_device("gpu"), InputError, "no device is called 'gpu'");
  const nn::Cuda& cuda = nn::find_cuda();
  EXPECT_FALSE(cuda.finding.empty());
  EXPECT_EQ(nn::choose_device("auto").is_cuda(), cuda.devices > 0);
  if (cuda.devices > 0) {
    EXPECT_TRUE(nn::choose_device("cuda").is_cuda());
    return;
  }
  EXPECT_FALSE(cuda.hint.empty());
  EXPECT_ERROR((void)nn::choose_device("cuda"), InputError, cuda.finding);
}

}  // namespace
}  // namespace quire::test
