#include <fmt/format.h>

#include <algorithm>

#include "quire/base/files.h"
#include "quire/base/utf8.h"
#include "quire/text/tokenizer.h"
#include "text/special_names.h"
#include "text/tokenizer_parts.h"

namespace quire {
namespace text {
namespace {

namespace fs = std::filesystem;

ModelKind kind_of(const Tokenizer::Parts& parts) {
  return parts.frame["model"]["type"] == "BPE" ? ModelKind::byte_level : ModelKind::wordpiece;
}

Json flags_of(const AddedToken& token) {
  return {{"content", token.content}, {"single_word", token.single_word}, {"lstrip", token.lstrip},
          {"rstrip", token.rstrip},   {"normalized", token.normalized},   {"special", token.special}};
}

// {"token": id, ...}, by id. Written by hand, since a JSON object of ours would sort by token.
std::string vocabulary_json(const Vocabulary& vocabulary, std::string_view separator) {
  std::string text = "{";
  for (std::int32_t id = 0; id < vocabulary.id_end(); ++id) {
    const std::string_view token = vocabulary.token(id);
    if (vocabulary.find(token) != id) continue;
    if (text.size() > 1) text += ',';
    text += separator;
    text += fmt::format("{}: {}", Json(token).dump(), id);
  }
  return text + "}";
}

std::string merges_json(const Tokenizer::Parts& parts) {
  std::string text = "[";
  for (const BpeMerge& merge : parts.merges) {
    if (text.size() > 1) text += ',';
    text += fmt::format("\n[{}, {}]", Json(parts.vocabulary.token(merge.left)).dump(),
                        Json(parts.vocabulary.token(merge.right)).dump());
  }
  return text + "]";
}

std::string tokenizer_json(const Tokenizer::Parts& parts) {
  Json added = Json::array();
  for (const AddedToken& token : parts.added) {
    added.push_back(flags_of(token));
    added.back()["id"] = token.id;
  }
  std::string text = R"({"version": "1.0", "truncation": null, "padding": null)";
  text += fmt::format(",\n\"added_tokens\": {}", added.dump());
  for (const char* part : {"normalizer", "pre_tokenizer", "post_processor", "decoder"}) {
    const auto found = parts.frame.find(part);
    text += fmt::format(",\n\"{}\": {}", part, found == parts.frame.end() ? "null" : found->dump());
  }
  std::string model = parts.frame["model"].dump();
  model.pop_back();  // the closing brace
  text += fmt::format(",\n\"model\": {},\n\"vocab\": {}", model, vocabulary_json(parts.vocabulary, "\n"));
  if (kind_of(parts) == ModelKind::byte_level) text += fmt::format(",\n\"merges\": {}", merges_json(parts));
  return text + "}}\n";
}

// One token a line. Empty if that form cannot hold the vocabulary: ids that are not 0, 1, ...,
// or tokens with white space at their ends.
std::string vocab_txt(const Vocabulary& vocabulary) {
  std::string text;
  for (std::int32_t id = 0; id < vocabulary.id_end(); ++id) {
    const std::string_view token = vocabulary.token(id);
    if (vocabulary.find(token) != id || trim(token) != token || token.find('\n') != std::string_view::npos) {
      return {};
    }
    text.append(token) += '\n';
  }
  return text;
}

// As above: tokens with a space or a line end in them cannot be held.
std::string merges_txt(const Tokenizer::Parts& parts) {
  std::string text = "#version: 0.2\n";
  for (const BpeMerge& merge : parts.merges) {
    const std::string_view left = parts.vocabulary.token(merge.left);
    const std::string_view right = parts.vocabulary.token(merge.right);
    if (left.find_first_of(" \r\n") != std::string_view::npos ||
        right.find_first_of(" \r\n") != std::string_view::npos) {
      return {};
    }
    text += fmt::format("{} {}\n", left, right);
  }
  return text;
}

// transformers rebuilds the tokenizers of these classes from their vocabulary and the options in
// tokenizer_config.json. Where those cannot say all, the class is one that reads tokenizer.json.
std::string transformers_class(const Tokenizer::Parts& parts) {
  const Json& model = parts.frame["model"];
  const SpecialTokens& special = parts.special;
  if (kind_of(parts) == ModelKind::byte_level) {
    const bool plain = parts.templates == roberta_templates(special.cls, special.sep) &&
                       model.value("ignore_merges", Json(false)) != true &&
                       model.value("unk_token", Json()).is_null();
    return plain ? "RobertaTokenizer" : "PreTrainedTokenizerFast";
  }
  const auto normalizer = parts.frame.find("normalizer");
  const bool plain = parts.templates == bert_templates(special.cls, special.sep) &&
                     normalizer != parts.frame.end() && normalizer->is_object() &&
                     (*normalizer)["clean_text"] == true && model["continuing_subword_prefix"] == "##" &&
                     model["max_input_chars_per_word"] == 100;
  return plain ? "BertTokenizer" : "PreTrainedTokenizerFast";
}

constexpr std::array<std::pair<const char*, std::int32_t SpecialTokens::*>, 7> kRoles{{
    {"bos_token", &SpecialTokens::cls},
    {"eos_token", &SpecialTokens::sep},
    {"cls_token", &SpecialTokens::cls},
    {"sep_token", &SpecialTokens::sep},
    {"pad_token", &SpecialTokens::pad},
    {"unk_token", &SpecialTokens::unk},
    {"mask_token", &SpecialTokens::mask},
}};

// The special tokens by role: as names, or as objects with their flags.
Json special_tokens(const Tokenizer& tokenizer, const Tokenizer::Parts& parts, bool with_flags) {
  Json tokens = Json::object();
  for (const auto& [role, member] : kRoles) {
    const std::string_view name(role);
    const bool byte_level_only = name == "bos_token" || name == "eos_token";
    if (byte_level_only && kind_of(parts) == ModelKind::wordpiece) continue;
    const std::int32_t id = tokenizer.special().*member;
    if (id < 0) continue;
    tokens[role] = tokenizer.token_of(id);
    const auto added = std::ranges::find(parts.added, id, &AddedToken::id);
    if (!with_flags || added == parts.added.end()) continue;
    tokens[role] = flags_of(*added);
    tokens[role].erase("special");
  }
  return tokens;
}

Json tokenizer_config(const Tokenizer& tokenizer, const Tokenizer::Parts& parts) {
  Json config = parts.config;
  const std::string needed = transformers_class(parts);
  if (!config.contains("tokenizer_class") || needed == "PreTrainedTokenizerFast") {
    config["tokenizer_class"] = needed;
    // That class tells a model about segments only when it is told to.
    if (needed == "PreTrainedTokenizerFast" && parts.segments)
      config["model_input_names"] = {"input_ids", "token_type_ids", "attention_mask"};
  }
  if (!config.contains("model_max_length")) config["model_max_length"] = 512;
  config.update(special_tokens(tokenizer, parts, false));
  // Its flags would be read instead of those in added_tokens_decoder.
  for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
    if (config.contains(key) && !config[key].is_array()) config.erase(key);
  }
  Json decoder = Json::object();
  for (const AddedToken& token : parts.added) decoder[std::to_string(token.id)] = flags_of(token);
  config["added_tokens_decoder"] = decoder;
  if (kind_of(parts) == ModelKind::byte_level) {
    config["add_prefix_space"] = parts.frame["pre_tokenizer"]["add_prefix_space"];
    return config;
  }
  const auto normalizer = parts.frame.find("normalizer");
  if (normalizer == parts.frame.end() || !normalizer->is_object()) return config;
  config["do_lower_case"] = (*normalizer)["lowercase"];
  config["strip_accents"] = normalizer->value("strip_accents", Json());
  config["tokenize_chinese_chars"] = (*normalizer)["handle_chinese_chars"];
  return config;
}

}  // namespace
}  // namespace text

void Tokenizer::save(const std::filesystem::path& directory) const {
  const auto write = [&](const char* name, std::string_view content) {
    if (!content.empty()) write_file_atomically(directory / name, content);
  };
  make_directories(directory);
  write("tokenizer.json", text::tokenizer_json(*parts_));
  write("tokenizer_config.json", text::tokenizer_config(*this, *parts_).dump(2) + "\n");
  write("special_tokens_map.json", text::special_tokens(*this, *parts_, true).dump(2) + "\n");
  if (text::kind_of(*parts_) == text::ModelKind::wordpiece) {
    write("vocab.txt", text::vocab_txt(parts_->vocabulary));
    return;
  }
  // One without the other would be read as nothing.
  const std::string merges = text::merges_txt(*parts_);
  if (merges.empty()) return;
  write("vocab.json", text::vocabulary_json(parts_->vocabulary, "") + "\n");
  write("merges.txt", merges);
}

}  // namespace quire
