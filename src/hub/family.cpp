#include "quire/hub/family.h"

#include <array>

#include "quire/base/error.h"

namespace quire {
namespace {

constexpr std::array kFamilies = {
    FamilySpec{.family = Family::bert,
               .name = "bert",
               .class_stem = "Bert",
               .vocab_size = 30522,
               .hidden_size = 768,
               .embedding_size = 768,
               .heads = 12,
               .intermediate_size = 3072,
               .pad_token_id = 0,
               .has_embedding_size = false,
               .positions_follow_padding = false,
               .head = HeadForm::pooler,
               .head_activation = Activation::tanh,
               .head_output = "classifier",
               .layer = {}},
    FamilySpec{.family = Family::roberta,
               .name = "roberta",
               .class_stem = "Roberta",
               .vocab_size = 50265,
               .hidden_size = 768,
               .embedding_size = 768,
               .heads = 12,
               .intermediate_size = 3072,
               .pad_token_id = 1,
               .has_embedding_size = false,
               .positions_follow_padding = true,
               .head = HeadForm::two_layers,
               .head_activation = Activation::tanh,
               .head_output = "classifier.out_proj",
               .layer = {}},
    FamilySpec{.family = Family::electra,
               .name = "electra",
               .class_stem = "Electra",
               .vocab_size = 30522,
               .hidden_size = 256,
               .embedding_size = 128,
               .heads = 4,
               .intermediate_size = 1024,
               .pad_token_id = 0,
               .has_embedding_size = true,
               .positions_follow_padding = false,
               .head = HeadForm::two_layers,
               .head_activation = Activation::gelu,
               .head_output = "classifier.out_proj",
               .layer = {}},
};

}  // namespace

std::span<const FamilySpec> families() { return kFamilies; }

const FamilySpec& family_spec(Family family) {
  for (const FamilySpec& spec : kFamilies) {
    if (spec.family == family) return spec;
  }
  throw Error("A configuration holds a family that has no row in the table.");
}

const FamilySpec* find_family(std::string_view name) {
  for (const FamilySpec& spec : kFamilies) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

std::string_view family_name(Family family) { return family_spec(family).name; }

}  // namespace quire
