// Which of transformers' tokenizer classes a directory asks for, and what that class makes of its files. Some
// read tokenizer.json as it stands; most take no more than its vocabulary and build the rest from
// tokenizer_config.json and defaults of their own (transformers 5).
#pragma once

#include <filesystem>
#include <string_view>

#include "quire/base/json.h"

namespace quire::text {

struct TokenizerClass {
  enum class Form {
    stored,      // tokenizer.json as it stands
    wordpiece,   // BERT's words and pieces, whose options tokenizer_config.json has
    byte_level,  // RoBERTa's, likewise
    by_files,  // nothing is said: tokenizer.json as it stands, or else what the vocabulary's files look like
  };
  // What the special tokens are called when no file says.
  enum class Names { bert, roberta, mpnet };

  std::string_view name;  // less "Fast"; "" when nothing is said
  Form form = Form::by_files;
  bool segments = true;  // a model is told which text of a pair a token belongs to
  Names names = Names::bert;
};

// From "tokenizer_class" of tokenizer_config.json (`config`), else of config.json, else from the latter's
// "model_type". InputError for a class whose tokenizers are of another kind than ours.
[[nodiscard]] TokenizerClass find_tokenizer_class(const std::filesystem::path& directory,
                                                  const Section& config);

}  // namespace quire::text
