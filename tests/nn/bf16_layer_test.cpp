// The layer in bfloat16 against the same steps in plain ATen operations, rounded in the same places.
#include "nn/bf16/bf16_layer.h"

#include <limits>

#include "nn/twins.h"
#include "quire/kernels/gemm.h"

namespace quire::test {
namespace {

using nn::Implementation;
using nn::Precision;

// Rounds values on the way there and gradients on the way back.
class Round : public torch::autograd::Function<Round> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext*, const at::Tensor& x) {
    return x.to(at::kBFloat16).to(at::kFloat);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 const torch::autograd::variable_list& gradients) {
    return {gradients[0].to(at::kBFloat16).to(at::kFloat)};
  }
};

nn::Linear random_linear(std::int64_t in, std::int64_t out) {
  nn::Linear layer;
  layer.weight = (at::randn({out, in}) / std::sqrt(static_cast<double>(in))).requires_grad_();
  layer.bias = (at::randn({out}) / 4).requires_grad_();
  layer.precision = Precision::bf16;
  layer.packed = std::make_shared<nn::PackedWeight>();
  return layer;
}

nn::LayerNorm random_norm(std::int64_t width) {
  nn::LayerNorm norm;
  norm.gamma = (1 + at::randn({width}) / 4).requires_grad_();
  norm.beta = (at::randn({width}) / 4).requires_grad_();
  return norm;
}

struct Shape {
  std::int64_t hidden, inner, heads;
};

struct Layer {
  explicit Layer(const Shape& shape)
      : qkv(random_linear(shape.hidden, 3 * shape.hidden)),
        attention_output(random_linear(shape.hidden, shape.hidden)),
        intermediate(random_linear(shape.hidden, shape.inner)),
        output(random_linear(shape.inner, shape.hidden)),
        attention_norm(random_norm(shape.hidden)),
        output_norm(random_norm(shape.hidden)) {}
  [[nodiscard]] nn::LayerParts parts() const {
    return {qkv, attention_output, attention_norm, intermediate, output, output_norm};
  }
  [[nodiscard]] std::vector<at::Tensor> parameters() const {
    return {qkv.weight,
            qkv.bias,
            attention_output.weight,
            attention_output.bias,
            attention_norm.gamma,
            attention_norm.beta,
            intermediate.weight,
            intermediate.bias,
            output.weight,
            output.bias,
            output_norm.gamma,
            output_norm.beta};
  }
  nn::Linear qkv, attention_output, intermediate, output;
  nn::LayerNorm attention_norm, output_norm;
};

nn::LayerSettings settings_of(const Shape& shape, double dropout) {
  return {.heads = shape.heads,
          .index = 2,
          .epsilon = 1e-12F,
          .hidden_dropout = dropout,
          .attention_dropout = dropout,
          .state = {.active = dropout > 0, .seed = 99, .epoch = 1, .pass = 0}};
}

at::Tensor twin(const at::Tensor& x, const Layer& layer, const nn::PackedBatch& batch,
                const nn::LayerSettings& s) {
  const nn::RowLayout rows{batch.offsets, batch.documents};
  const auto norm = [&](const at::Tensor& value, const at::Tensor& residual, const nn::LayerNorm& one,
                        nn::Site site) {
    return nn::dropout_add_layer_norm(value, residual, one.gamma, one.beta, static_cast<double>(s.epsilon),
                                      rows, s.hidden_dropout, s.state, nn::dropout_site(s.index, site),
                                      Implementation::aten);
  };
  const at::Tensor qkv = Round::apply(nn::linear(x, layer.qkv, Implementation::aten));
  const at::Tensor context = Round::apply(
      nn::packed_attention(qkv, batch, s.heads, s.attention_dropout, s.state, s.index, Implementation::aten));
  const at::Tensor attended = norm(nn::linear(context, layer.attention_output, Implementation::aten), x,
                                   layer.attention_norm, nn::Site::attention_output);
  const at::Tensor inner = Round::apply(nn::linear(attended, layer.intermediate, Implementation::aten));
  return norm(nn::linear(at::gelu(inner), layer.output, Implementation::aten), attended, layer.output_norm,
              nn::Site::feed_forward_output);
}

struct Outcome {
  at::Tensor value;
  std::vector<at::Tensor> gradients;  // of x, then of the parameters
};

template <typename Function>
Outcome run(const Layer& layer, const at::Tensor& x_in, const at::Tensor& weights, Function function) {
  const at::Tensor x = x_in.clone().requires_grad_();
  Outcome outcome{function(x), {}};
  (outcome.value * weights).sum().backward();
  outcome.gradients.push_back(x.grad());
  for (const at::Tensor& parameter : layer.parameters()) {
    outcome.gradients.push_back(parameter.grad());
    parameter.mutable_grad() = at::Tensor();
  }
  return outcome;
}

class Bf16Layers : public ::testing::Test {
 protected:
  void SetUp() override {
    at::manual_seed(8);
    if (!kernels::bf16_available()) QUIRE_SKIP("bf16", kernels::bf16_choice());
  }
  static at::Tensor inputs(const nn::PackedBatch& batch, const Shape& shape) {
    return at::randn({batch.offsets.back(), shape.hidden});
  }
};

const std::vector<Shape> kShapes = {{64, 128, 2}, {128, 96, 2}, {96, 160, 1}, {256, 512, 8}};

TEST_F(Bf16Layers, EqualTheirTwin) {
  for (const double dropout : {0.0, 0.1}) {
    for (const Shape& shape : kShapes) {
      for (const std::vector<std::int64_t>& lengths :
           {std::vector<std::int64_t>{1}, {15, 17, 33}, {2, 31, 32, 64, 65}, {512, 3, 200}}) {
        const Layer layer(shape);
        const nn::PackedBatch batch = batch_of(lengths);
        const nn::LayerSettings settings = settings_of(shape, dropout);
        const at::Tensor x = inputs(batch, shape);
        const at::Tensor weights = at::randn_like(x);
        ASSERT_TRUE(nn::takes_bf16_layer(x, layer.parts(), shape.heads, Activation::gelu));
        const Outcome found = run(layer, x, weights, [&](const at::Tensor& input) {
          return nn::bf16_layer(input, layer.parts(), batch, settings);
        });
        const Outcome expected = run(
            layer, x, weights, [&](const at::Tensor& input) { return twin(input, layer, batch, settings); });
        // Probabilities are rounded at another scale, and what is near the middle of two bfloat16 numbers may
        // go to either: some of the operands move by up to 1/256.
        EXPECT_LE(relative_error(found.value, expected.value), 2e-3);
        for (std::size_t i = 0; i < expected.gradients.size(); ++i)
          EXPECT_LE(relative_error(found.gradients[i], expected.gradients[i]), 8e-3)
              << "gradient " << i << ", hidden " << shape.hidden << ", tokens " << x.size(0) << ", dropout "
              << dropout;
      }
    }
  }
}

TEST_F(Bf16Layers, ADocumentDoesNotDependOnItsBatch) {
  const Shape shape = kShapes.front();
  const Layer layer(shape);
  const nn::LayerSettings settings = settings_of(shape, 0.1);
  const nn::PackedBatch batch = batch_of({40, 100, 7, 33});
  const at::Tensor x = inputs(batch, shape);
  const at::NoGradGuard no_grad;
  const at::Tensor together = nn::bf16_layer(x, layer.parts(), batch, settings);
  for (std::size_t i = 0; i + 1 < batch.offsets.size(); ++i) {
    nn::PackedBatch alone;
    alone.offsets = {0, batch.offsets[i + 1] - batch.offsets[i]};
    alone.documents = {batch.documents[i]};
    const at::Tensor rows = x.slice(0, batch.offsets[i], batch.offsets[i + 1]);
    EXPECT_TRUE(at::equal(nn::bf16_layer(rows, layer.parts(), alone, settings),
                          together.slice(0, batch.offsets[i], batch.offsets[i + 1])));
  }
}

TEST_F(Bf16Layers, DoNotDependOnTheNumberOfThreads) {
  const Shape shape = kShapes.back();
  const Layer layer(shape);
  const nn::LayerSettings settings = settings_of(shape, 0.1);
  const nn::PackedBatch batch = batch_of({300, 200, 150, 31, 90});
  const at::Tensor x = inputs(batch, shape);
  const at::Tensor weights = at::randn_like(x);
  const int before = at::get_num_threads();
  const auto outcome = [&](int threads) {
    at::set_num_threads(threads);
    return run(layer, x, weights, [&](const at::Tensor& input) {
      return nn::bf16_layer(input, layer.parts(), batch, settings);
    });
  };
  const Outcome one = outcome(1);
  const Outcome two = outcome(2);
  const Outcome three = outcome(3);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one.value, two.value) && at::equal(one.value, three.value));
  for (std::size_t i = 0; i < one.gradients.size(); ++i)
    EXPECT_TRUE(at::equal(one.gradients[i], two.gradients[i]) &&
                at::equal(one.gradients[i], three.gradients[i]))
        << i;
}

TEST_F(Bf16Layers, AFrozenLayerPassesTheGradientOn) {
  const Shape shape = kShapes.front();
  const Layer layer(shape);
  const nn::PackedBatch batch = batch_of({40, 70});
  const nn::LayerSettings settings = settings_of(shape, 0);
  const at::Tensor x = inputs(batch, shape);
  const at::Tensor weights = at::randn_like(x);
  const auto function = [&](const at::Tensor& input) {
    return nn::bf16_layer(input, layer.parts(), batch, settings);
  };
  const at::Tensor expected = run(layer, x, weights, function).gradients.front();
  for (const at::Tensor& parameter : layer.parameters()) at::Tensor(parameter).set_requires_grad(false);
  const at::Tensor input = x.clone().requires_grad_();
  (function(input) * weights).sum().backward();
  EXPECT_TRUE(at::equal(input.grad(), expected));
  EXPECT_FALSE(layer.output.weight.grad().defined());
}

TEST_F(Bf16Layers, OtherWidthsAndActivationsTakeTheOtherWay) {
  const Layer narrow({48, 96, 3});
  EXPECT_FALSE(nn::takes_bf16_layer(at::randn({4, 48}), narrow.parts(), 3, Activation::gelu));
  const Layer wide(kShapes.front());
  EXPECT_FALSE(nn::takes_bf16_layer(at::randn({4, 64}), wide.parts(), 2, Activation::relu));
}

}  // namespace
}  // namespace quire::test
