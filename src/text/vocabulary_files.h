// Tokenizers whose class takes a vocabulary and what tokenizer_config.json and the like say of it: from
// vocab.txt, or vocab.json and merges.txt, or out of tokenizer.json. What they do not say is as transformers
// has it.
#pragma once

#include <filesystem>

#include "text/tokenizer_files.h"

namespace quire::text {

// These read vocabulary (and merges), then describe the tokenizer. They use `where`, the class, and the two
// files beside the vocabulary.
void read_wordpiece_vocabulary(const std::filesystem::path& directory, TokenizerFiles& files);
void read_byte_level_vocabulary(const std::filesystem::path& directory, TokenizerFiles& files);

// These write `frame` anew, the vocabulary being there. Of an old frame, tokenizer.json's, only
// "added_tokens" count.
void describe_wordpiece(const std::filesystem::path& directory, TokenizerFiles& files);
void describe_byte_level(const std::filesystem::path& directory, TokenizerFiles& files);

}  // namespace quire::text
