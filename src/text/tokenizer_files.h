// The files of a tokenizer, brought to one form: that of tokenizer.json.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "quire/base/json.h"
#include "text/bpe.h"
#include "text/special_names.h"
#include "text/vocabulary.h"

namespace quire::text {

struct TokenizerFiles {
  std::string where;  // the main file, for messages
  TokenizerClass tokenizer_class;
  ModelKind kind = ModelKind::wordpiece;
  Json frame;  // tokenizer.json less the vocabulary and the merges
  Vocabulary vocabulary;
  std::vector<BpeMerge> merges;
  Json config = Json::object();              // tokenizer_config.json
  Json special_tokens_map = Json::object();  // special_tokens_map.json

  [[nodiscard]] SpecialNames special_names() const;
};

// From tokenizer.json, else from vocab.txt, or from vocab.json and merges.txt, as the directory's tokenizer
// class takes them.
[[nodiscard]] TokenizerFiles read_tokenizer_files(const std::filesystem::path& directory);

// An object of tokens and their ids.
void take_vocabulary(const Section& entries, Vocabulary& vocabulary);

// The three tokens of a merge, looked up. `where` is called for the place of a mistake.
[[nodiscard]] BpeMerge resolve_merge(const Vocabulary& vocabulary, std::string_view left,
                                     std::string_view right, const std::function<std::string()>& where);
// The same from a line, "left right".
[[nodiscard]] BpeMerge parse_merge(const Vocabulary& vocabulary, std::string_view line,
                                   const std::function<std::string()>& where);

}  // namespace quire::text
