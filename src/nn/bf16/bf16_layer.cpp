#include "nn/bf16/bf16_layer.h"

#include "nn/bf16/bf16_layer_parts.h"
#include "quire/nn/implementation.h"

namespace quire::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The order in which autograd sees the layer's tensors, after x.
enum Slot : std::size_t {
  query_key_value_weight,
  query_key_value_bias,
  attention_output_weight,
  attention_output_bias,
  attention_gamma,
  attention_beta,
  intermediate_weight,
  intermediate_bias,
  output_weight,
  output_bias,
  output_gamma,
  output_beta,
  slots
};

PackedLinear packed(PackedWeight& copies, const at::Tensor& weight, const at::Tensor& bias) {
  return {weight, bias, copies.forward(weight), copies.backward(weight)};
}

LayerTensors layer_tensors(const variable_list& t, const LayerWork& work) {
  return {
      .query_key_value = packed(*work.query_key_value, t[query_key_value_weight], t[query_key_value_bias]),
      .attention_output =
          packed(*work.attention_output, t[attention_output_weight], t[attention_output_bias]),
      .intermediate = packed(*work.intermediate, t[intermediate_weight], t[intermediate_bias]),
      .output = packed(*work.output, t[output_weight], t[output_bias]),
      .attention_norm = {t[attention_gamma], t[attention_beta]},
      .output_norm = {t[output_gamma], t[output_beta]}};
}

class Bf16Layer : public torch::autograd::Function<Bf16Layer> {
 public:
  using T = const at::Tensor&;
  static at::Tensor forward(AutogradContext* context, T x, T t0, T t1, T t2, T t3, T t4, T t5, T t6, T t7,
                            T t8, T t9, T t10, T t11, const c10::intrusive_ptr<LayerWork>& work) {
    LayerTape tape;
    tape.x = x.contiguous();
    const variable_list all = {t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11};
    at::Tensor result = bf16_layer_forward(layer_tensors(all, *work), *work, tape);
    variable_list saved = all;
    for (const at::Tensor& one :
         {tape.x, tape.query_key_value, tape.kept, tape.softmax, tape.context, tape.attention_sum,
          tape.output_sum, tape.attention_stats, tape.output_stats, tape.attended, tape.inner})
      saved.push_back(one);
    context->save_for_backward(saved);
    context->saved_data["work"] = c10::IValue::make_capsule(work);
    return result;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto work = c10::static_intrusive_pointer_cast<LayerWork>(context->saved_data["work"].toCapsule());
    const variable_list tensors(saved.begin(), saved.begin() + slots);
    const at::Tensor* rest = saved.data() + slots;
    const LayerTape tape{rest[0], rest[1], rest[2], rest[3], rest[4], rest[5],
                         rest[6], rest[7], rest[8], rest[9], rest[10]};
    const bool weights = context->needs_input_grad(1 + output_weight);  // not when the layer is frozen
    const LayerGradients g =
        bf16_layer_backward(layer_tensors(tensors, *work), *work, tape, gradients[0], weights);
    variable_list results(1 + slots + 1);
    results[0] = g.x;
    results[1 + query_key_value_weight] = g.query_key_value.weight;
    results[1 + query_key_value_bias] = g.query_key_value.bias;
    results[1 + attention_output_weight] = g.attention_output.weight;
    results[1 + attention_output_bias] = g.attention_output.bias;
    results[1 + attention_gamma] = g.attention_norm.gamma;
    results[1 + attention_beta] = g.attention_norm.beta;
    results[1 + intermediate_weight] = g.intermediate.weight;
    results[1 + intermediate_bias] = g.intermediate.bias;
    results[1 + output_weight] = g.output.weight;
    results[1 + output_bias] = g.output.bias;
    results[1 + output_gamma] = g.output_norm.gamma;
    results[1 + output_beta] = g.output_norm.beta;
    return results;
  }
};

}  // namespace

bool takes_bf16_layer(const at::Tensor& x, const LayerParts& parts, std::int64_t heads,
                      Activation activation) {
  return parts.query_key_value.precision == Precision::bf16 && activation == Activation::gelu &&
         x.size(0) > 0 && takes_kernels(x) && kernels::bf16_available() && whole_tiles(x.size(1) / heads) &&
         whole_tiles(parts.intermediate.weight.size(0));
}

at::Tensor bf16_layer(const at::Tensor& x, const LayerParts& parts, const PackedBatch& batch,
                      const LayerSettings& settings) {
  auto work = c10::make_intrusive<LayerWork>();
  work->query_key_value = parts.query_key_value.packed;
  work->attention_output = parts.attention_output.packed;
  work->intermediate = parts.intermediate.packed;
  work->output = parts.output.packed;
  work->heads = {.offsets = batch.offsets,
                 .documents = batch.documents,
                 .heads = settings.heads,
                 .layer = settings.index,
                 .dropout = settings.attention_dropout,
                 .state = settings.state};
  work->epsilon = settings.epsilon;
  const RowLayout rows{batch.offsets, batch.documents};
  const auto plan = [&](Site site) {
    return std::make_shared<DropoutPlan>(rows, settings.hidden_dropout, settings.state,
                                         dropout_site(settings.index, site));
  };
  work->attention_plan = plan(Site::attention_output);
  work->output_plan = plan(Site::feed_forward_output);
  return Bf16Layer::apply(x, parts.query_key_value.weight, parts.query_key_value.bias,
                          parts.attention_output.weight, parts.attention_output.bias,
                          parts.attention_norm.gamma, parts.attention_norm.beta, parts.intermediate.weight,
                          parts.intermediate.bias, parts.output.weight, parts.output.bias,
                          parts.output_norm.gamma, parts.output_norm.beta, work);  // in the order of Slot
}

}  // namespace quire::nn
