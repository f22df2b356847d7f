// Fused operations against their twins of plain ATen operations, forward and backward.
#include "quire/nn/ops.h"

#include "nn/ops/dropout.h"
#include "nn/twins.h"
#include "quire/kernels/gemm.h"
#include "quire/kernels/kernels.h"
#include "quire/nn/device.h"

namespace quire::test {
namespace {

using nn::Implementation;

class Rates : public ::testing::TestWithParam<double> {};

TEST_P(Rates, AttentionEqualsItsTwin) {
  at::manual_seed(1);
  for (const std::vector<std::int64_t>& lengths :
       {std::vector<std::int64_t>{1}, {15}, {17, 1, 2}, {130, 33, 300, 7}, {512}}) {
    const nn::PackedBatch batch = batch_of(lengths);
    const at::Tensor qkv = at::randn({batch.tokens(), 3 * 24}) * 2;
    const at::Tensor weights = at::randn({batch.tokens(), 24});
    const auto attention = [&](Implementation implementation) {
      return run({qkv}, weights, [&](const std::vector<at::Tensor>& x) {
        return nn::packed_attention(x[0], batch, 3, GetParam(), kDropout, 1, implementation);
      });
    };
    expect_close(attention(Implementation::automatic), attention(Implementation::aten));
  }
}

// Lengths that a padded layout would waste half on.
TEST_P(Rates, AttentionOnCudaInBfloat16IsThatOfFloat32) {
  if (nn::find_cuda().devices == 0) QUIRE_SKIP("CUDA", nn::find_cuda().finding);
  const c10::Device cuda = nn::choose_device("cuda");
  const nn::PackedBatch batch = batch_of({130, 33, 300, 7});
  at::manual_seed(1);
  const at::Tensor qkv = at::randn({batch.tokens(), 3 * 64});
  const at::Tensor weights = at::randn({batch.tokens(), 64});
  const auto on_cuda = [&](const nn::DropoutState& state) {
    Outcome outcome = run({qkv}, weights, [&](const std::vector<at::Tensor>& x) {
      return nn::packed_attention(x[0].to(cuda).to(at::kBFloat16), batch, 2, GetParam(), state, 1)
          .to(at::kCPU)
          .to(at::kFloat);
    });
    return outcome;
  };
  const Outcome found = on_cuda(kDropout);
  if (GetParam() == 0) {
    const Outcome expected = run({qkv}, weights, [&](const std::vector<at::Tensor>& x) {
      return nn::packed_attention(x[0], batch, 2, 0, {}, 1);
    });
    expect_close(found, expected, 1e-2, 2e-2);
    return;
  }
  // Its masks are the kernel's own: the same for the same state and batch, whatever came between.
  nn::DropoutState other = kDropout;
  other.epoch = 4;
  EXPECT_FALSE(at::equal(on_cuda(other).value, found.value));
  EXPECT_TRUE(at::equal(on_cuda(kDropout).value, found.value));
}

TEST_P(Rates, DropoutAddLayerNormEqualsItsTwin) {
  at::manual_seed(2);
  for (const std::int64_t width : {8, 33, 384}) {
    const nn::PackedBatch batch = batch_of({1, 90, 64, 17});
    const auto rows = batch.tokens();
    const std::vector<at::Tensor> inputs = {at::randn({rows, width}), at::randn({rows, width}),
                                            at::randn({width}), at::randn({width})};
    const at::Tensor weights = at::randn({rows, width});
    const auto norm = [&](Implementation implementation) {
      return run(inputs, weights, [&](const std::vector<at::Tensor>& x) {
        return nn::dropout_add_layer_norm(x[0], x[1], x[2], x[3], 1e-12, {batch.offsets, batch.documents},
                                          GetParam(), kDropout, 5, implementation);
      });
    };
    expect_close(norm(Implementation::automatic), norm(Implementation::aten));
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, Rates, ::testing::Values(0.0, 0.1, 0.5), [](const auto& rate) {
  return std::to_string(static_cast<int>(100 * rate.param)) + "_percent";
});

TEST(Dropout, KeepsTheShareItSaysAndScalesItUp) {
  const nn::PackedBatch batch = batch_of({400, 100});
  const at::Tensor kept =
      nn::dropout(at::ones({500, 64}), {batch.offsets, batch.documents}, 0.1, kDropout, 3);
  EXPECT_NEAR(kept.mean().item<double>(), 1.0, 0.01);
  EXPECT_NEAR((kept == 0).to(at::kFloat).mean().item<double>(), 0.1, 0.006);
  nn::DropoutState other = kDropout;
  other.epoch = 4;
  EXPECT_FALSE(
      at::equal(kept, nn::dropout(at::ones({500, 64}), {batch.offsets, batch.documents}, 0.1, other, 3)));
}

// Bit for bit: whatever the device, the same elements are dropped.
TEST(Dropout, AtenDrawsWhatTheKernelsDraw) {
  const std::vector<nn::DropoutPiece> pieces = {{7, 3, 1},   {7, 4, 127},           {0xFFFFFFFF, 3, 128},
                                                {0, 0, 129}, {9, 0x80000000, 5000}, {7, 3, 300}};
  for (const double rate : {0.1, 0.5, 0.95}) {
    for (const kernels::DropoutStream& stream :
         {kernels::DropoutStream{}, {.seed = 0xFEDCBA9876543210, .epoch = 0x01000003}}) {
      const at::Tensor drawn = nn::draw_multipliers(pieces, stream, kernels::DropoutRate(rate), c10::kCPU);
      const std::vector<std::int64_t> starts = nn::piece_starts(pieces);
      EXPECT_EQ(drawn.numel(), starts.back());
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        kernels::DropoutStream one = stream;
        one.document = pieces[i].document;
        one.site = pieces[i].site;
        at::Tensor expected = at::empty({pieces[i].count}, at::kFloat);
        kernels::table().keep_multipliers(expected.mutable_data_ptr<float>(), 0, pieces[i].count, one,
                                          kernels::DropoutRate(rate));
        EXPECT_TRUE(at::equal(drawn.slice(0, starts[i], starts[i] + pieces[i].count), expected)) << i;
      }
    }
  }
}

TEST(Dropout, OfAnotherNetworkOnTheSameDocumentsIsAnother) {
  at::manual_seed(7);
  const nn::PackedBatch batch = batch_of({40, 10, 50});
  nn::DropoutState second = kDropout;
  second.network = 1;
  const auto dropped = [&](const nn::DropoutState& state) {
    return nn::dropout(at::ones({100, 24}), {batch.offsets, batch.documents}, 0.5, state, 3);
  };
  // Half of the elements agree by chance.
  const double agreeing = (dropped(second) == dropped(kDropout)).to(at::kFloat).mean().item<double>();
  EXPECT_NEAR(agreeing, 0.5, 0.05);
  const at::Tensor qkv = at::randn({100, 3 * 24});
  const auto attention = [&](const nn::DropoutState& state, Implementation implementation) {
    return nn::packed_attention(qkv, batch, 3, 0.5, state, 1, implementation);
  };
  const at::Tensor attended = attention(second, Implementation::automatic);
  EXPECT_LE(relative_error(attended, attention(second, Implementation::aten)), 1e-6);
  EXPECT_GT(relative_error(attended, attention(kDropout, Implementation::automatic)), 0.1);
}

TEST(Dropout, IsTheSameUnderTheTwins) {
  at::manual_seed(9);
  const nn::PackedBatch batch = batch_of({5, 1, 33});
  for (const std::int64_t width : {1, 24, 128}) {
    const at::Tensor x = at::randn({batch.tokens(), width});
    const auto dropped = [&] { return nn::dropout(x, {batch.offsets, batch.documents}, 0.3, kDropout, 3); };
    const at::Tensor expected = dropped();
    const nn::AtenTwins twins;
    EXPECT_TRUE(at::equal(dropped(), expected)) << width;
  }
}

TEST(Ops, DoNotDependOnTheNumberOfThreads) {
  if (kernels::aten_only()) QUIRE_SKIP("our kernels", "QUIRE_ISA is 'aten', and ATen's own sums may");
  at::manual_seed(3);
  const nn::PackedBatch batch = batch_of({130, 33, 300, 7});
  const std::vector<at::Tensor> inputs = {at::randn({batch.tokens(), 48}), at::randn({48}), at::randn({48})};
  const at::Tensor weights = at::randn({batch.tokens(), 48});
  const auto norm = [&] {
    return run(inputs, weights, [&](const std::vector<at::Tensor>& x) {
      return nn::dropout_add_layer_norm(x[0], {}, x[1], x[2], 1e-12, {batch.offsets, batch.documents}, 0.1,
                                        kDropout, 5);
    });
  };
  expect_same_with_one_and_two_threads(norm);
  if (kernels::fp32_tiles() == nullptr) return;  // else attention's products are ATen's
  const at::Tensor qkv = at::randn({batch.tokens(), 3 * 48});
  expect_same_with_one_and_two_threads([&] {
    return run({qkv}, weights, [&](const std::vector<at::Tensor>& x) {
      return nn::packed_attention(x[0], batch, 4, 0.1, kDropout, 1);
    });
  });
}

// Heads wider and narrower than a panel of the kernels.
TEST(Ops, AttentionTakesHeadsOfAnyWidth) {
  at::manual_seed(6);
  const nn::PackedBatch batch = batch_of({31, 32, 33, 12, 13});
  for (const std::int64_t width : {1, 31, 32, 33, 64, 80}) {
    const at::Tensor qkv = at::randn({batch.tokens(), 3 * 2 * width});
    const at::Tensor weights = at::randn({batch.tokens(), 2 * width});
    const auto attention = [&](Implementation implementation) {
      return run({qkv}, weights, [&](const std::vector<at::Tensor>& x) {
        return nn::packed_attention(x[0], batch, 2, 0.1, kDropout, 1, implementation);
      });
    };
    expect_close(attention(Implementation::automatic), attention(Implementation::aten));
  }
}

TEST(MeanPool, AveragesEachDocumentAlone) {
  const nn::PackedBatch batch = batch_of({2, 1});
  const at::Tensor hidden = at::tensor({1.0F, 2.0F, 3.0F, 6.0F, 10.0F, 20.0F}).view({3, 2});
  EXPECT_TRUE(at::equal(nn::mean_pool(hidden, batch), at::tensor({2.0F, 4.0F, 10.0F, 20.0F}).view({2, 2})));
}

}  // namespace
}  // namespace quire::test
