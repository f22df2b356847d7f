// The README.md beside a fine-tuned encoder: what it is and how other programs load it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quire {

struct ModelCard {
  std::string base;      // the pretrained directory's name
  std::string head;      // as --head
  std::string features;  // as --features
  std::string long_text;
  bool windows = false;
  bool portable = true;  // transformers loads it with its head
  std::vector<std::string> labels;
  std::int64_t max_length = 0;
  std::size_t train_rows = 0;
};

[[nodiscard]] std::string write_model_card(const ModelCard& card);

}  // namespace quire
