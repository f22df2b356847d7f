// How members that read running words make words of a text, by the names of their options.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "members/shared/word_documents.h"

namespace quire {

class WordReading {
 public:
  // `clean` as parse_clean takes it; punctuation: drop, split or keep. InputError otherwise.
  WordReading(const std::vector<std::string>& clean, const std::string& punctuation);

  [[nodiscard]] std::unique_ptr<Corpus> new_corpus() const;
  [[nodiscard]] std::vector<std::string> clean() const { return clean_names(cleaner_->options()); }
  [[nodiscard]] std::string punctuation() const;

 private:
  std::shared_ptr<const Cleaner> cleaner_;
  Punctuation punctuation_;
};

}  // namespace quire
