// Attention over packed sequences by libtorch's kernel for CUDA (Dao 2023).
#include <ATen/Context.h>
#include <ATen/SDPBackend.h>

#include <mutex>

#include "nn/attention/attention.h"
#include "nn/ops/dropout.h"
#include "quire/base/random.h"

namespace quire::nn {
namespace {

// Sets the state of the device's generator from what names the batch, so that a resumed run draws what it
// would have drawn. Which masks a document gets depends on its batch.
void seed_generator(const AttentionPlan& plan, c10::Device device) {
  const kernels::DropoutStream stream =
      dropout_stream(plan.state, plan.documents.front(), dropout_site(plan.layer, Site::attention));
  const PhiloxBlock words = philox4x32(
      {static_cast<std::uint32_t>(plan.documents.size()), stream.site, stream.document, stream.epoch},
      stream.seed);
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard lock(generator.mutex());
  generator.set_current_seed(std::uint64_t{words[0]} << 32 | words[1]);
}

}  // namespace

bool takes_flash(const at::Tensor& qkv, const AttentionPlan& plan) {
  const std::int64_t width = qkv.size(1) / (3 * plan.heads);
  if (!qkv.is_cuda() || qkv.scalar_type() != at::kBFloat16 || width % 8 != 0 || width > 256) return false;
  // libtorch knows of which devices it has kernels for; cuDNN's, which it may prefer, runs on no others.
  const std::vector<at::Tensor> token =
      qkv.detach().slice(0, 0, 1).view({1, 3, plan.heads, 1, width}).unbind(1);
  const auto choice = static_cast<at::SDPBackend>(at::_fused_sdp_choice(
      token[0], token[1], token[2], std::nullopt, /*dropout_p=*/0, /*is_causal=*/false, score_scale(width)));
  return choice == at::SDPBackend::flash_attention || choice == at::SDPBackend::cudnn_attention;
}

at::Tensor flash_attention(const at::Tensor& qkv, const AttentionPlan& plan) {
  const std::int64_t hidden = qkv.size(1) / 3;
  const std::vector<at::Tensor> parts = qkv.view({qkv.size(0), 3, plan.heads, hidden / plan.heads}).unbind(1);
  const at::Tensor offsets = at::tensor(plan.offsets).to(at::kInt).to(qkv.device());
  if (plan.dropout > 0) seed_generator(plan, qkv.device());
  const auto results = at::_flash_attention_forward(
      parts[0], parts[1], parts[2], offsets, offsets, plan.longest(), plan.longest(), plan.dropout,
      /*is_causal=*/false, /*return_debug_mask=*/false, score_scale(hidden / plan.heads));
  return std::get<0>(results).reshape({-1, hidden});
}

}  // namespace quire::nn
