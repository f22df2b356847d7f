// What an encoder sees of a document that is longer than it can read.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "quire/text/tokenizer.h"

namespace quire {

struct LongText {
  enum class Strategy {
    head,       // the beginning of each text
    tail,       // the end of each text
    head_tail,  // the first 128 tokens of a text (half of it, when less than 256 are kept) and the last
                // (Sun et al. 2019)
    windows,    // all of it, in several sequences; of a pair, each repeats the first text
  };
  Strategy strategy = Strategy::head;
  bool keep_first = false;       // of a pair, the second text alone is cut while the first fits
  std::size_t max_length = 300;  // tokens of a sequence, special ones included
  std::size_t stride = 0;        // from the start of a window to the next; 0: no overlap
  std::size_t max_windows = 8;   // text beyond them is cut
};

// "head", "tail", "head+tail", "windows". InputError for another name.
[[nodiscard]] LongText::Strategy parse_long_text(std::string_view name);
[[nodiscard]] std::string_view long_text_name(LongText::Strategy strategy);

// The sequences of a document: one, or with `windows` as many as it takes. How many tokens each of
// two texts keeps is decided longest first, whatever end of it is kept. `truncated` of the last
// sequence says that tokens were dropped.
[[nodiscard]] std::vector<Encoding> encode_document(const Tokenizer& tokenizer, std::string_view text,
                                                    std::optional<std::string_view> pair,
                                                    const LongText& options);

}  // namespace quire
