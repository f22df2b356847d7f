// From the words of a text to rows of TextCNN's table of embeddings.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "members/shared/word_documents.h"
#include "quire/base/context.h"
#include "quire/text/token_corpus.h"
#include "quire/text/tokenizer.h"

namespace quire {

class TextcnnVocabulary {
 public:
  // Words that occur at least `min_count` times in `rows`, the most frequent first; row 0 is for all
  // others.
  static TextcnnVocabulary of_words(const WordDocuments& documents, std::span<const std::int64_t> rows,
                                    std::int64_t min_count);
  // The tokens of an encoder's tokenizer.
  static TextcnnVocabulary of_tokens(std::shared_ptr<const Tokenizer> tokenizer);

  [[nodiscard]] std::int64_t size() const;
  // The word that each row stands for; empty where it stands for none: row 0 of words; special tokens and
  // parts of words of a tokenizer.
  [[nodiscard]] std::vector<std::string> words() const;

  // The ids of `rows` in their order, cut at `max_length`; a text without words is one unknown word.
  [[nodiscard]] TokenCorpus read(const WordDocuments& documents, std::span<const std::int64_t> rows,
                                 std::int64_t max_length, const Context& context) const;
  // Of all documents.
  [[nodiscard]] TokenCorpus read(const WordDocuments& documents, std::int64_t max_length,
                                 const Context& context) const;

  // vocabulary.txt, or the tokenizer's own files.
  void save(const std::filesystem::path& directory) const;
  static TextcnnVocabulary open(const std::filesystem::path& directory);

 private:
  void append(std::string_view text, std::vector<std::int32_t>& ids) const;

  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<std::string> words_;
  std::unordered_map<std::string, std::int32_t> index_;
};

}  // namespace quire
