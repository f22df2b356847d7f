// tokenizer.json. One that is taken encodes, and what it saves encodes the same.
#include "fuzz/fuzz.h"
#include "quire/text/tokenizer.h"

namespace quire {

QUIRE_FUZZ_TARGET(tokenizer) {
  static const fuzz::Folder folder;
  folder.put("tokenizer.json", input);
  const auto tokenizer = load_tokenizer(folder.path());
  for (const std::string_view text :
       {"The training of [MASK] models, don't <mask>!", "\xC3\x89t\xC3\xA9 \xE6\x9D\xB1\xE4\xBA\xAC 42"}) {
    std::vector<std::int32_t> ids;
    tokenizer->encode_text(text, ids);
    for (const std::int32_t id : ids)
      fuzz::require(id >= 0 && static_cast<std::size_t>(id) < tokenizer->vocabulary_size(),
                    "ids lie in the vocabulary");
    (void)tokenizer->encode(text, text, 64);
  }
}

}  // namespace quire
