// Families of encoders: what transformers' models of one `model_type` have in common. A table with a row
// each, so that a new family is a row and what is really new in it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace quire {

enum class Family { bert, roberta, electra };

// As transformers names them in `hidden_act`:
enum class Activation {
  gelu,        // x * Phi(x), with erf
  gelu_tanh,   // gelu_new, gelu_pytorch_tanh: .5 x (1 + tanh(sqrt(2/pi) (x + .044715 x^3)))
  gelu_fast,   // .5 x (1 + tanh(.7978845608 x (1 + .044715 x^2)))
  quick_gelu,  // x * sigmoid(1.702 x)
  relu,
  silu,
  tanh,
};

// What stands between the first token and the last linear layer of a family's ...ForSequenceClassification.
enum class HeadForm {
  pooler,      // a dense layer and tanh that belong to the encoder, "pooler.dense"
  two_layers,  // dropout, "classifier.dense", an activation
};

// Names of a layer's tensors within it, less ".weight" and ".bias".
struct LayerNames {
  std::string_view self = "attention.self";  // holds the next three
  std::string_view query = "query";
  std::string_view key = "key";
  std::string_view value = "value";
  std::string_view attention_output = "attention.output.dense";
  std::string_view attention_norm = "attention.output.LayerNorm";
  std::string_view intermediate = "intermediate.dense";
  std::string_view output = "output.dense";
  std::string_view output_norm = "output.LayerNorm";
};

struct FamilySpec {
  Family family;
  std::string_view name;        // the `model_type`, and the prefix of a tensor's name
  std::string_view class_stem;  // "Bert" of "BertModel" and "BertForSequenceClassification"

  // Of missing keys in config.json; the others' defaults are the same everywhere (EncoderConfig).
  std::int64_t vocab_size;
  std::int64_t hidden_size;
  std::int64_t embedding_size;
  std::int64_t heads;
  std::int64_t intermediate_size;
  std::int64_t pad_token_id;

  bool has_embedding_size;        // a key of its own: the embeddings may be narrower than the layers
  bool positions_follow_padding;  // the first is pad_token_id + 1, and padding has its own: else the first is
                                  // 0
  HeadForm head;
  Activation head_activation;
  std::string_view head_output;  // the head's last layer: "classifier"
  LayerNames layer;
};

[[nodiscard]] std::span<const FamilySpec> families();
[[nodiscard]] const FamilySpec& family_spec(Family family);
[[nodiscard]] const FamilySpec* find_family(std::string_view name);

// "bert", "roberta", "electra".
[[nodiscard]] std::string_view family_name(Family family);

}  // namespace quire
