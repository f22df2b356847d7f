// textcnn.json, the settings of a TextCNN.
#include "fuzz/fuzz.h"
#include "members/textcnn/textcnn_settings.h"

namespace quire {

QUIRE_FUZZ_TARGET(textcnn) {
  static const fuzz::Folder folder;
  folder.put("textcnn.json", input);
  const TextcnnSettings settings = read_textcnn_settings(folder.path());
  fuzz::require(settings.min_width >= 1 && settings.min_width <= settings.max_width, "filters have a width");
  static const fuzz::Folder copy;
  std::filesystem::remove(copy / "textcnn.json");
  write_textcnn_settings(copy.path(), settings);
  fuzz::require(read_textcnn_settings(copy.path()) == settings, "settings that were written read the same");
}

}  // namespace quire
