#include "quire/nn/textcnn.h"

#include "nn/golden.h"
#include "nn/ops/convolve_max.h"
#include "quire/base/error.h"

namespace quire::test {
namespace {

const nn::TextCnnOptions kOptions{.vocabulary = 20,
                                  .dim = 6,
                                  .filters = 4,
                                  .min_width = 2,
                                  .max_width = 4,
                                  .dropout = 0.5,
                                  .classes = 3,
                                  .seed = 5};

const std::vector<std::vector<std::int32_t>> kDocuments = {
    {1, 2, 3, 4, 5, 6, 7}, {8}, {9, 10, 11}, {3, 3, 12, 19}};

nn::PackedBatch batch_of(std::size_t first, std::size_t count) {
  static const std::vector<std::uint8_t> segments(16, 0);
  std::vector<nn::TokenizedDocument> documents;
  for (std::size_t i = first; i < first + count; ++i) {
    documents.push_back(
        {kDocuments[i], std::span(segments).first(kDocuments[i].size()), static_cast<std::uint32_t>(i), {}});
  }
  return nn::pack(documents);
}

// A model whose last layer is not zero, as it is when training starts.
nn::TextCnn random_model() {
  nn::TextCnn model(kOptions);
  const at::NoGradGuard no_grad;
  std::int64_t i = 0;
  for (nn::Parameter& parameter : model.parameters()) {
    const at::Tensor values = at::arange(parameter.value.numel(), at::kFloat) + static_cast<double>(++i);
    parameter.value.copy_(at::sin(values * 1.7).view(parameter.value.sizes()));
  }
  return model;
}

at::Tensor parameter(const nn::TextCnn& model, const std::string& name) {
  for (const nn::Parameter& one : model.parameters()) {
    if (one.names.front() == name) return one.value;
  }
  throw Error("no parameter " + name);
}

// Kim's model on one document, with ATen's convolution; too short a text is followed by zero vectors.
at::Tensor reference(const nn::TextCnn& model, const std::vector<std::int32_t>& ids) {
  std::vector<at::Tensor> maxima;
  const at::Tensor rows =
      parameter(model, "embeddings.weight").index_select(0, at::tensor(ids).to(at::kLong));
  for (std::int64_t width = 2; width <= 4; ++width) {
    const std::string name = "convolution." + std::to_string(width);
    const std::int64_t missing = std::max<std::int64_t>(0, width - rows.size(0));
    const at::Tensor padded = at::cat({rows, at::zeros({missing, rows.size(1)})});
    const at::Tensor weight = parameter(model, name + ".weight").permute({1, 2, 0});  // as Conv1d
    const at::Tensor y = at::conv1d(padded.t().unsqueeze(0), weight, parameter(model, name + ".bias"));
    maxima.push_back(at::relu(y).amax(2)[0]);
  }
  return at::linear(at::cat(maxima), parameter(model, "classifier.weight"),
                    parameter(model, "classifier.bias"));
}

TEST(TextCnn, EqualsAConvolutionOfEachDocumentAlone) {
  const nn::TextCnn model = random_model();
  const at::Tensor logits = model.logits(batch_of(0, kDocuments.size()), {});
  std::vector<at::Tensor> expected;
  for (const auto& ids : kDocuments) expected.push_back(reference(model, ids));
  EXPECT_LE(relative_error(logits, at::stack(expected)), 1e-5);
  logits.square().sum().backward();
  std::vector<at::Tensor> gradients;
  for (const nn::Parameter& one : model.parameters()) {
    gradients.push_back(one.value.grad().clone());
    at::Tensor(one.value).mutable_grad() = at::Tensor();
  }
  at::stack(expected).square().sum().backward();
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const nn::Parameter& one = model.parameters()[i];
    EXPECT_LE(relative_error(gradients[i], one.value.grad()), 1e-4) << one.names.front();
  }
}

TEST(ConvolveMax, EqualsItsTwin) {
  at::manual_seed(1);
  const std::vector<std::int64_t> offsets = {0, 40, 41, 44, 90};
  const std::vector<at::Tensor> inputs = {at::randn({90, 24}), at::randn({4, 37, 24}), at::randn({37})};
  std::vector<at::Tensor> leaves[2];
  at::Tensor results[2];
  for (const int twin : {0, 1}) {
    for (const at::Tensor& input : inputs) leaves[twin].push_back(input.clone().requires_grad_());
    const auto& l = leaves[twin];
    results[twin] = nn::convolve_max(l[0], l[1], l[2], offsets,
                                     twin == 1 ? nn::Implementation::aten : nn::Implementation::automatic);
    results[twin].square().sum().backward();
  }
  EXPECT_LE(relative_error(results[0], results[1]), 1e-6);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    EXPECT_LE(relative_error(leaves[0][i].grad(), leaves[1][i].grad()), 1e-5) << i;
}

TEST(TextCnn, ADocumentDoesNotDependOnItsBatch) {
  const nn::TextCnn model = random_model();
  const nn::DropoutState state{.active = true, .seed = 3, .epoch = 1, .pass = 0};
  const at::Tensor together = model.logits(batch_of(0, 4), state);
  EXPECT_GT(relative_error(together, model.logits(batch_of(0, 4), {})), 1e-2);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_LE(relative_error(model.logits(batch_of(i, 1), state)[0], together[static_cast<std::int64_t>(i)]),
              1e-6);
}

TEST(TextCnn, WordsStartWithinAQuarterAsInThePaper) {
  const nn::TextCnn model(kOptions);
  const double largest = parameter(model, "embeddings.weight").abs().max().item<double>();
  EXPECT_LE(largest, 0.25);
  EXPECT_GT(largest, 0.2);  // of 120 numbers
}

TEST(TextCnn, SavedAndOpenedIsTheSame) {
  const nn::TextCnn model = random_model();
  const TemporaryDirectory directory;
  model.save(directory / "model.safetensors");
  const nn::TextCnn again(kOptions, directory / "model.safetensors");
  EXPECT_TRUE(at::equal(model.logits(batch_of(0, 4), {}), again.logits(batch_of(0, 4), {})));
  nn::TextCnnOptions other = kOptions;
  other.filters = 5;
  EXPECT_ERROR(nn::TextCnn(other, directory / "model.safetensors"), InputError, "convolution.2.weight");
}

}  // namespace
}  // namespace quire::test
