// Tokenizers without a tokenizer.json: vocab.txt, or vocab.json and merges.txt, beside
// tokenizer_config.json and the like. What is not said in them is as transformers has it.
#pragma once

#include <filesystem>

#include "text/tokenizer_files.h"

namespace quire::text {

// Both fill `files` but for `where`, `config` and `special_tokens_map`, which they use.
void read_wordpiece_vocabulary(const std::filesystem::path& directory, TokenizerFiles& files);
void read_byte_level_vocabulary(const std::filesystem::path& directory, TokenizerFiles& files);

}  // namespace quire::text
