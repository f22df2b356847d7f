// model.bin, a model of fastText's library, which trusts what it reads. One that is taken predicts.
#include "fuzz/fuzz.h"
#include "members/fasttext/fasttext_model.h"

namespace quire {

QUIRE_FUZZ_TARGET(fasttext) {
  static const fuzz::Folder folder;
  const FasttextModel model(folder.put("model.bin", input));
  std::vector<float> row(static_cast<std::size_t>(model.classes()));
  if (row.size() > 1'000'000) return;  // a label's number may be any
  model.predict("stars and cells", row);
}

}  // namespace quire
