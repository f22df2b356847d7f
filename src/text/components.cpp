#include "text/components.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace quire::text {
namespace {

std::string type_of(const Section& component) { return component.expect_object().string("type"); }

[[noreturn]] void fail_unsupported(const Section& component, std::string_view type,
                                   std::string_view supported) {
  component.fail(fmt::format("the type {} is not supported", in_quotes(type)),
                 fmt::format("Supported: {}.", supported));
}

}  // namespace

BertNormalizer parse_bert_normalizer(const Section& root) {
  if (!root.has("normalizer")) return {false, false, false, false};
  const Section normalizer = root.at("normalizer");
  if (type_of(normalizer) != "BertNormalizer") {
    fail_unsupported(normalizer, type_of(normalizer), "BertNormalizer, or none, with a WordPiece model");
  }
  BertNormalizer parsed;
  parsed.clean_text = normalizer.flag("clean_text");
  parsed.handle_chinese_chars = normalizer.flag("handle_chinese_chars");
  if (normalizer.has("strip_accents")) parsed.strip_accents = normalizer.flag("strip_accents");
  parsed.lowercase = normalizer.flag("lowercase");
  return parsed;
}

void expect_bert_pre_tokenizer(const Section& root) {
  if (!root.has("pre_tokenizer")) {
    root.fail("there is no \"pre_tokenizer\"", "Supported: BertPreTokenizer, with a WordPiece model.");
  }
  const Section pre_tokenizer = root.at("pre_tokenizer");
  if (type_of(pre_tokenizer) != "BertPreTokenizer") {
    fail_unsupported(pre_tokenizer, type_of(pre_tokenizer), "BertPreTokenizer, with a WordPiece model");
  }
}

WordPiece parse_wordpiece(const Section& root, const Vocabulary& vocabulary) {
  const Section model = root.at("model");
  const std::string unknown = model.string("unk_token");
  const auto unknown_id = vocabulary.find(unknown);
  if (!unknown_id) {
    model.fail(fmt::format("the vocabulary lacks the unknown token {}", in_quotes(unknown)),
               "Words that the vocabulary cannot spell need one.");
  }
  std::vector<Trie::Entry> tokens;
  tokens.reserve(vocabulary.size());
  vocabulary.for_each([&](std::string_view token, std::int32_t id) { tokens.emplace_back(token, id); });
  return {std::move(tokens), model.string("continuing_subword_prefix"), *unknown_id,
          model.number("max_input_chars_per_word")};
}

void expect_no_normalizer(const Section& root) {
  if (!root.has("normalizer")) return;
  const Section normalizer = root.at("normalizer");
  fail_unsupported(normalizer, type_of(normalizer), "none, with a byte-level BPE model");
}

bool parse_byte_level_prefix(const Section& root) {
  constexpr std::string_view kSupported = "ByteLevel with \"use_regex\": true, with a BPE model";
  if (!root.has("pre_tokenizer")) {
    root.fail("there is no \"pre_tokenizer\"", fmt::format("Supported: {}.", kSupported));
  }
  const Section pre_tokenizer = root.at("pre_tokenizer");
  if (type_of(pre_tokenizer) != "ByteLevel") {
    fail_unsupported(pre_tokenizer, type_of(pre_tokenizer), kSupported);
  }
  if (!pre_tokenizer.flag("use_regex", true)) {
    pre_tokenizer.fail("ByteLevel without its regular expression is not supported",
                       fmt::format("Supported: {}.", kSupported));
  }
  return pre_tokenizer.flag("add_prefix_space");
}

BpeOptions parse_bpe_options(const Section& root, const Vocabulary& vocabulary) {
  const Section model = root.at("model");
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!model.string(affix, "").empty()) model.at(affix).fail_expecting("an empty string");
  }
  if (model.has("dropout") && model.at("dropout").value() != 0) {
    model.at("dropout").fail_expecting("null or 0", "Dropout makes ids random.");
  }
  if (model.flag("byte_fallback", false)) model.at("byte_fallback").fail_expecting("false");
  BpeOptions options;
  options.fuse_unknown = model.flag("fuse_unk", false);
  options.whole_words_first = model.flag("ignore_merges", false);
  if (model.has("unk_token")) {
    const std::string unknown = model.string("unk_token");
    options.unknown = vocabulary.find(unknown);
    if (!options.unknown) {
      model.at("unk_token")
          .fail(fmt::format("the vocabulary lacks the unknown token {}", in_quotes(unknown)));
    }
  }
  return options;
}

std::vector<AddedToken> parse_added_tokens(const Section& root, const Vocabulary& vocabulary) {
  std::vector<AddedToken> tokens;
  if (!root.has("added_tokens")) return tokens;
  const Section entries = root.at("added_tokens").expect_array();
  std::unordered_map<std::string, std::size_t> index_of;
  auto next_id = static_cast<std::int32_t>(vocabulary.size());
  for (std::size_t i = 0; i < entries.value().size(); ++i) {
    const Section entry = entries.at(i);
    AddedToken token;
    token.content = entry.string("content");
    token.single_word = entry.flag("single_word");
    token.lstrip = entry.flag("lstrip");
    token.rstrip = entry.flag("rstrip");
    token.normalized = entry.flag("normalized");
    token.special = entry.flag("special");
    if (token.content.empty()) continue;
    const auto [same, is_new] = index_of.try_emplace(token.content, tokens.size());
    if (is_new) {
      const auto known = vocabulary.find(token.content);
      token.id = known ? *known : next_id++;
      tokens.push_back(std::move(token));
    } else {
      token.id = tokens[same->second].id;
      tokens[same->second] = std::move(token);
    }
  }
  std::ranges::stable_sort(tokens, {}, &AddedToken::id);
  return tokens;
}

}  // namespace quire::text
