// `quire tokenize`: lines of text in, token ids as JSON lines out.
#pragma once

#include <cstdint>
#include <iosfwd>

#include "quire/base/context.h"
#include "quire/text/tokenizer.h"

namespace quire {

struct TokenizeOptions {
  bool pair = false;           // a line is two texts, split at its first tab
  std::size_t max_length = 0;  // 0: none
};

// Lines end at \n and nothing is trimmed. For each, in order, {"ids":[...],"segments":[...]}.
// Streams in bounded memory. InputError ("NAME:LINE: ...") for a line without a tab under `pair`.
// Returns the number of ids written. Throws Error when `out` fails.
std::int64_t tokenize_lines(const Tokenizer& tokenizer, std::istream& in, const std::string& name,
                            std::ostream& out, const TokenizeOptions& options, const Context& context);

}  // namespace quire
