#include "text/special_names.h"

namespace quire::text {
namespace {

using Names = TokenizerClass::Names;

Json default_tokens(Names names) {
  if (names == Names::bert) {
    return {{"unk_token", "[UNK]"},
            {"sep_token", "[SEP]"},
            {"pad_token", "[PAD]"},
            {"cls_token", "[CLS]"},
            {"mask_token", "[MASK]"}};
  }
  if (names == Names::mpnet) {
    return {{"bos_token", "<s>"},   {"eos_token", "</s>"}, {"unk_token", "[UNK]"},  {"sep_token", "</s>"},
            {"pad_token", "<pad>"}, {"cls_token", "<s>"},  {"mask_token", "<mask>"}};
  }
  // RoBERTa was published with a mask that takes the space before it; transformers 5 forgets that
  // where special_tokens_map.json is missing, earlier versions did not.
  return {{"bos_token", "<s>"},
          {"eos_token", "</s>"},
          {"unk_token", "<unk>"},
          {"sep_token", "</s>"},
          {"pad_token", "<pad>"},
          {"cls_token", "<s>"},
          {"mask_token", {{"content", "<mask>"}, {"lstrip", true}}}};
}

}  // namespace

Json added_token_entry(const Section& value, bool special, bool normalized) {
  if (value.value().is_string()) {
    return {{"content", value.value()}, {"single_word", false},     {"lstrip", false},
            {"rstrip", false},          {"normalized", normalized}, {"special", special}};
  }
  if (!value.value().is_object()) value.fail_expecting("a string or an object");
  return {{"content", value.string("content")},
          {"single_word", value.flag("single_word", false)},
          {"lstrip", value.flag("lstrip", false)},
          {"rstrip", value.flag("rstrip", false)},
          {"normalized", value.flag("normalized", normalized)},
          {"special", value.flag("special", special)}};
}

SpecialNames::SpecialNames(const Section& config, const Section& map, Names names) : tokens_(Json::object()) {
  const Json otherwise = default_tokens(names);
  for (const char* role : kRoles) {
    std::optional<Section> value;
    if (otherwise.contains(role)) value.emplace(otherwise[role], "the default");
    if (config.has(role)) value = config.at(role);
    if (map_counts(config) && map.has(role)) value = map.at(role);
    if (!value) continue;
    // MPNetTokenizer makes tokens out of names itself, with other flags than the rest.
    const bool own = names == Names::mpnet && value->value().is_string();
    Json entry = added_token_entry(*value, true, own);
    entry["special"] = true;
    if (own && std::string_view(role) == "mask_token") entry["lstrip"] = true;
    tokens_[role] = std::move(entry);
  }
}

bool SpecialNames::map_counts(const Section& config) { return !config.has("added_tokens_decoder"); }

const Json& SpecialNames::token(std::string_view role) const {
  static const Json kNull;
  const auto found = tokens_.find(std::string(role));
  return found == tokens_.end() ? kNull : *found;
}

std::optional<std::string> SpecialNames::name(std::string_view role) const {
  const Json& entry = token(role);
  if (entry.is_null()) return {};
  return entry["content"].get<std::string>();
}

}  // namespace quire::text
