// config.json of an encoder. One that is taken can be saved, and reads the same again.
#include "fuzz/fuzz.h"
#include "quire/hub/config.h"

namespace quire {

QUIRE_FUZZ_TARGET(config) {
  static const fuzz::Folder folder;
  static const fuzz::Folder copy;
  folder.put("config.json", input);
  const EncoderConfig config = load_config(folder.path());
  fuzz::require(config.heads > 0 && config.hidden_size % config.heads == 0, "heads divide the width");
  fuzz::require(config.max_length() > 0, "there is room for a token");
  std::filesystem::remove(copy / "config.json");
  save_config(copy.path(), config, "BertForSequenceClassification", config.labels,
              {{"quire_head", R"({"kind":"mean"})"}});
  const EncoderConfig again = load_config(copy.path());
  fuzz::require(again.hidden_size == config.hidden_size && again.layers == config.layers &&
                    again.labels == config.labels,
                "a saved configuration reads the same");
}

}  // namespace quire
