#include "members/textcnn/textcnn_vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/threads.h"

namespace quire {
namespace {

constexpr const char* kWords = "vocabulary.txt";

// Calls use(word) for the words of a text, which single spaces part.
template <typename Use>
void for_words(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) use(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

TextcnnVocabulary TextcnnVocabulary::of_words(const WordDocuments& documents,
                                              std::span<const std::int64_t> rows, std::int64_t min_count) {
  std::unordered_map<std::string, std::int64_t> counts;
  for (const std::int64_t row : rows)
    for_words(documents.text(row), [&](std::string_view word) { ++counts[std::string(word)]; });
  std::vector<std::pair<std::string, std::int64_t>> kept;
  for (const auto& entry : counts) {
    if (entry.second >= min_count) kept.push_back(entry);
  }
  std::ranges::sort(kept, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  TextcnnVocabulary vocabulary;
  vocabulary.words_.emplace_back();
  for (auto& [word, count] : kept) {
    vocabulary.index_.emplace(word, static_cast<std::int32_t>(vocabulary.words_.size()));
    vocabulary.words_.push_back(std::move(word));
  }
  return vocabulary;
}

TextcnnVocabulary TextcnnVocabulary::of_tokens(std::shared_ptr<const Tokenizer> tokenizer) {
  TextcnnVocabulary vocabulary;
  vocabulary.tokenizer_ = std::move(tokenizer);
  return vocabulary;
}

std::int64_t TextcnnVocabulary::size() const {
  return static_cast<std::int64_t>(tokenizer_ ? tokenizer_->vocabulary_size() : words_.size());
}

std::vector<std::string> TextcnnVocabulary::words() const {
  if (!tokenizer_) return words_;
  // A token is a word where the word, as it stands in a text, becomes that token alone: not "##ing", and of
  // "the" and "\u0120the", which byte-level BPE writes for " the", both.
  constexpr std::string_view kSpace = "\u0120";
  std::vector<std::string> words(tokenizer_->vocabulary_size());
  std::vector<std::int32_t> ids;
  for (std::size_t row = 0; row < words.size(); ++row) {
    const auto id = static_cast<std::int32_t>(row);
    if (tokenizer_->is_special(id)) continue;
    const std::string token(tokenizer_->token_of(id));
    const bool after_space = token.starts_with(kSpace) && token.size() > kSpace.size();
    std::string word = after_space ? token.substr(kSpace.size()) : token;
    ids.clear();
    tokenizer_->encode_text(after_space ? " " + word : word, ids);
    if (ids.size() == 1 && ids.front() == id) words[row] = std::move(word);
  }
  return words;
}

void TextcnnVocabulary::append(std::string_view text, std::vector<std::int32_t>& ids) const {
  if (tokenizer_) {
    tokenizer_->encode_text(text, ids);
  } else {
    for_words(text, [&](std::string_view word) {
      const auto found = index_.find(std::string(word));
      ids.push_back(found == index_.end() ? 0 : found->second);
    });
  }
  if (ids.empty()) ids.push_back(tokenizer_ ? std::max(0, tokenizer_->special().unk) : 0);
}

TokenCorpus TextcnnVocabulary::read(const WordDocuments& documents, std::int64_t max_length,
                                    const Context& context) const {
  std::vector<std::int64_t> all(static_cast<std::size_t>(documents.size()));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  return read(documents, all, max_length, context);
}

TokenCorpus TextcnnVocabulary::read(const WordDocuments& documents, std::span<const std::int64_t> rows,
                                    std::int64_t max_length, const Context& context) const {
  std::vector<std::vector<std::int32_t>> ids(rows.size());
  parallel_for(static_cast<std::int64_t>(rows.size()), 64, context.threads,
               [&](std::int64_t begin, std::int64_t end) {
                 for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
                   append(documents.text(rows[i]), ids[i]);
               });
  TokenCorpus corpus;
  std::vector<std::uint8_t> segments;
  for (std::vector<std::int32_t>& document : ids) {
    const bool cut = std::cmp_greater(document.size(), max_length);
    if (cut) document.resize(static_cast<std::size_t>(max_length));
    segments.assign(document.size(), 0);
    corpus.add(document, segments, cut);
  }
  return corpus;
}

void TextcnnVocabulary::save(const std::filesystem::path& directory) const {
  if (tokenizer_) {
    tokenizer_->save(directory);
    return;
  }
  std::string lines;
  for (const std::string& word : words_) lines += word + "\n";
  write_file_atomically(directory / kWords, lines);
}

TextcnnVocabulary TextcnnVocabulary::open(const std::filesystem::path& directory) {
  if (!std::filesystem::exists(directory / kWords)) return of_tokens(load_tokenizer(directory));
  TextcnnVocabulary vocabulary;
  const std::string lines = read_file(directory / kWords);
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    if (!vocabulary.words_.empty()) {
      vocabulary.index_.emplace(lines.substr(begin, end - begin),
                                static_cast<std::int32_t>(vocabulary.words_.size()));
    }
    vocabulary.words_.push_back(lines.substr(begin, end - begin));
    begin = end + 1;
  }
  return vocabulary;
}

}  // namespace quire
