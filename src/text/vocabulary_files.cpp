#include "text/vocabulary_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/utf8.h"
#include "text/components.h"

namespace quire::text {
namespace {

namespace fs = std::filesystem;

// Calls on_line(line, number from 1) for each line, less LF or CRLF.
template <typename OnLine>
void for_each_line(std::string_view text, OnLine on_line) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    on_line(line, number);
  }
}

// Without white space at the end: the token U+3000 becomes empty, as in the reference.
std::string_view trim_end(std::string_view line) {
  const std::string_view trimmed = trim(line);
  return line.substr(0, trimmed.empty() ? 0 : static_cast<std::size_t>(trimmed.end() - line.begin()));
}

std::string quoted_path(const fs::path& path) { return fmt::format("\"{}\"", path.string()); }

void read_vocab_txt(const fs::path& path, Vocabulary& vocabulary) {
  std::string text = read_file(path);
  if (repair_utf8(text) > 0) {
    throw InputError(fmt::format("{} is not valid UTF-8.", quoted_path(path)), "The file is damaged.");
  }
  for_each_line(text, [&](std::string_view line, std::size_t number) {
    if (number > static_cast<std::size_t>(kLargestId)) {
      throw InputError(fmt::format("{} has more than {} lines.", quoted_path(path), kLargestId));
    }
    vocabulary.add(trim_end(line), static_cast<std::int32_t>(number - 1));
  });
}

void read_merges_txt(const fs::path& path, TokenizerFiles& files) {
  const std::string text = read_file(path);
  for_each_line(text, [&](std::string_view line, std::size_t number) {
    if (line.empty() || line.starts_with("#version")) return;
    const auto where = [&] { return fmt::format("{}:{}", path.string(), number); };
    files.merges.push_back(parse_merge(files.vocabulary, line, where));
  });
}

std::int32_t parse_id(const std::string& digits, const Section& where) {
  const bool is_number = !digits.empty() && digits.size() < 10 &&
                         std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) where.fail(fmt::format("{} is not the id of a token", in_quotes(digits)));
  return static_cast<std::int32_t>(std::stoi(digits));
}

// Tokens that users added, as entries of "added_tokens" by their ids.
std::map<std::int32_t, Json> user_tokens(const fs::path& directory, const TokenizerFiles& files,
                                         const Section& config, const SpecialNames& names) {
  std::map<std::int32_t, Json> tokens;
  if (config.has("added_tokens_decoder")) {
    const Section decoder = config.at("added_tokens_decoder").expect_object();
    for (const auto& [id, token] : decoder.value().items()) {
      tokens[parse_id(id, decoder)] = added_token_entry(decoder.at(id.c_str()), false, true);
    }
    return tokens;
  }
  if (const auto file = read_json_if_present(directory / "added_tokens.json")) {
    const Section ids(*file, quoted_path(directory / "added_tokens.json"));
    for (const auto& [token, id] : ids.expect_object().value().items()) {
      const auto names_it = [&, &name = token](const char* role) { return names.name(role) == name; };
      const bool special = std::ranges::any_of(SpecialNames::kRoles, names_it);
      const Json content = token;
      tokens[Section(id, ids.where()).id(kLargestId)] =
          added_token_entry({content, ids.where()}, special, !special);
    }
  }
  const Section frame(files.frame, files.where);
  if (!frame.has("added_tokens")) return tokens;
  const Section stored = frame.at("added_tokens").expect_array();
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const Section token = stored.at(i).expect_object();
    tokens[token.at("id").id(kLargestId)] = added_token_entry(token, false, true);
  }
  return tokens;
}

// "added_tokens" in the order in which transformers adds them.
Json added_tokens(const fs::path& directory, const TokenizerFiles& files, const Section& config,
                  const SpecialNames& names) {
  Json tokens = Json::array();
  std::set<std::string> seen;
  const auto add = [&](const Json& token) {
    if (!token.is_null() && seen.insert(token["content"].get<std::string>()).second) tokens.push_back(token);
  };
  const auto add_listed = [&](const Section& section) {
    for (const char* key : {"extra_special_tokens", "additional_special_tokens"}) {
      if (!section.has(key) || !section.at(key).value().is_array()) continue;
      const Section list = section.at(key);
      for (std::size_t i = 0; i < list.value().size(); ++i) add(added_token_entry(list.at(i), true, false));
    }
  };
  for (const auto& [id, token] : user_tokens(directory, files, config, names)) add(token);
  for (const char* role : SpecialNames::kRoles) add(names.token(role));
  add_listed(config);
  if (SpecialNames::map_counts(config)) add_listed({files.special_tokens_map, "special_tokens_map.json"});
  return tokens;
}

// ["[SEP]", 102], for the token in a role, once "added_tokens" is in the frame.
Json named_id(const TokenizerFiles& files, const SpecialNames& names, const char* role) {
  const auto name = names.name(role);
  if (!name || name->empty()) {
    throw InputError(fmt::format("{}: there is no \"{}\".", files.where, role),
                     "tokenizer_config.json should name it.");
  }
  const std::vector<AddedToken> tokens = parse_added_tokens({files.frame, files.where}, files.vocabulary);
  return Json::array({*name, std::ranges::find(tokens, *name, &AddedToken::content)->id});
}

Json bert_template(const Json& cls, const Json& sep) {
  const auto special = [](const Json& token, int segment) {
    return Json{{"SpecialToken", {{"id", token[0]}, {"type_id", segment}}}};
  };
  const auto text = [](const char* name, int segment) {
    return Json{{"Sequence", {{"id", name}, {"type_id", segment}}}};
  };
  const auto entry = [](const Json& token) {
    return Json{{"id", token[0]}, {"ids", Json::array({token[1]})}, {"tokens", Json::array({token[0]})}};
  };
  Json tokens = Json::object();
  tokens[cls[0].get<std::string>()] = entry(cls);
  tokens[sep[0].get<std::string>()] = entry(sep);
  return {
      {"type", "TemplateProcessing"},
      {"single", Json::array({special(cls, 0), text("A", 0), special(sep, 0)})},
      {"pair", Json::array({special(cls, 0), text("A", 0), special(sep, 0), text("B", 1), special(sep, 1)})},
      {"special_tokens", tokens}};
}

Json roberta_processing(const Json& cls, const Json& sep, bool trim_offsets, bool add_prefix_space) {
  return {{"type", "RobertaProcessing"},
          {"sep", sep},
          {"cls", cls},
          {"trim_offsets", trim_offsets},
          {"add_prefix_space", add_prefix_space}};
}

}  // namespace

void read_wordpiece_vocabulary(const fs::path& directory, TokenizerFiles& files) {
  files.kind = ModelKind::wordpiece;
  read_vocab_txt(directory / "vocab.txt", files.vocabulary);
  describe_wordpiece(directory, files);
}

void describe_wordpiece(const fs::path& directory, TokenizerFiles& files) {
  const Section config(files.config, quoted_path(directory / "tokenizer_config.json"));
  const SpecialNames names = files.special_names();
  Json normalizer = {{"type", "BertNormalizer"},
                     {"clean_text", true},
                     {"handle_chinese_chars", config.flag("tokenize_chinese_chars", true)},
                     {"strip_accents", nullptr},
                     {"lowercase", config.flag("do_lower_case", true)}};
  if (config.has("strip_accents")) normalizer["strip_accents"] = config.flag("strip_accents");
  files.frame = {{"added_tokens", added_tokens(directory, files, config, names)},
                 {"normalizer", normalizer},
                 {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
                 {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}},
                 {"model",
                  {{"type", "WordPiece"},
                   {"unk_token", names.name("unk_token").value_or("[UNK]")},
                   {"continuing_subword_prefix", "##"},
                   {"max_input_chars_per_word", 100}}}};
  const Json cls = named_id(files, names, "cls_token");
  const Json sep = named_id(files, names, "sep_token");
  files.frame["post_processor"] = files.tokenizer_class.names == TokenizerClass::Names::bert
                                      ? bert_template(cls, sep)
                                      : roberta_processing(cls, sep, true, false);
}

void read_byte_level_vocabulary(const fs::path& directory, TokenizerFiles& files) {
  files.kind = ModelKind::byte_level;
  const Json vocabulary = read_json(directory / "vocab.json");
  take_vocabulary({vocabulary, files.where}, files.vocabulary);
  read_merges_txt(directory / "merges.txt", files);
  describe_byte_level(directory, files);
}

void describe_byte_level(const fs::path& directory, TokenizerFiles& files) {
  const Section config(files.config, quoted_path(directory / "tokenizer_config.json"));
  const SpecialNames names = files.special_names();
  const bool prefix = config.flag("add_prefix_space", false);
  const bool trim = config.flag("trim_offsets", true);
  files.frame = {
      {"added_tokens", added_tokens(directory, files, config, names)},
      {"normalizer", nullptr},
      {"pre_tokenizer",
       {{"type", "ByteLevel"}, {"add_prefix_space", prefix}, {"trim_offsets", trim}, {"use_regex", true}}},
      {"decoder",
       {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}}},
      {"model",
       {{"type", "BPE"},
        {"dropout", nullptr},
        {"unk_token", nullptr},
        {"continuing_subword_prefix", ""},
        {"end_of_word_suffix", ""},
        {"fuse_unk", false},
        {"byte_fallback", false},
        {"ignore_merges", false}}}};
  files.frame["post_processor"] = roberta_processing(named_id(files, names, "cls_token"),
                                                     named_id(files, names, "sep_token"), trim, prefix);
}

}  // namespace quire::text
